import { type Static, Type } from 'typebox';
import { Cursor, Limit } from './http.ts';
import { JobId, QueueName, Timestamp } from './values/names.ts';

/** Everything that the events of a queue can tell. */
export const EVENT_TYPES = [
  'started',
  'progress',
  'completed',
  'failed',
  'retrying',
  'cancelled',
  'expired',
  'released',
  'recovered',
  'requeued',
  'paused',
  'resumed',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

const KNOWN: ReadonlySet<string> = new Set(EVENT_TYPES);

export const isEventType = (text: string): text is EventType => KNOWN.has(text);

export const EventTypeSchema = Type.Unsafe<EventType>({
  type: 'string',
  enum: [...EVENT_TYPES],
  description:
    'What happened. `released`: handed back without an attempt spent; `recovered`: taken back from a lost worker; `requeued`: retried by hand.',
});

export const EventId = Type.String({
  description: 'Opaque. Goes into Last-Event-ID, `upTo` and `ids` as it is.',
  examples: ['1769860800003-0-1'],
});

export const exampleEvent = {
  id: '1769860800003-0-1',
  type: 'started',
  queue: 'default',
  job: 'default~nmfa2k9x0-0',
  at: '2026-01-31T12:00:00.003Z',
};

/** Something that happened to a job or a queue. */
export const JobEvent = Type.Object(
  {
    id: EventId,
    type: EventTypeSchema,
    queue: QueueName,
    job: Type.Optional(JobId),
    at: Timestamp,
    progress: Type.Optional(
      Type.Unknown({ description: 'What the handler reported, if it is at most 512 characters of JSON.' }),
    ),
  },
  {
    $id: 'Event',
    description: 'What happened to a job, or, without `job`, to a queue.',
    examples: [exampleEvent],
  },
);
export type JobEvent = Static<typeof JobEvent>;

const TYPES_PATTERN = `^(${EVENT_TYPES.join('|')})(,(${EVENT_TYPES.join('|')}))*$`;

export const TypeList = Type.String({
  pattern: TYPES_PATTERN,
  description: `Only events of these types, comma separated: ${EVENT_TYPES.join(', ')}.`,
  examples: ['completed,failed'],
});

export const EventsQuery = Type.Object({ type: Type.Optional(TypeList) }, { additionalProperties: false });

/** A job's stream has few events, and ends with one of them. */
export const NoQuery = Type.Object({}, { additionalProperties: false });

export const EventHeaders = Type.Object({
  accept: Type.Optional(
    Type.String({
      description: 'text/event-stream (the default) or application/x-ndjson.',
      maxLength: 512,
      examples: ['text/event-stream'],
    }),
  ),
  'last-event-id': Type.Optional(
    Type.String({
      description:
        'Goes on after this event; without it from now on. `0-0` is before the oldest that is kept.',
      maxLength: 128,
      examples: ['1769860800003-0-1'],
    }),
  ),
});

export const HistoryQuery = Type.Object(
  {
    from: Type.Optional(Type.String({ format: 'date-time', description: 'Not before this time.' })),
    to: Type.Optional(Type.String({ format: 'date-time', description: 'Before this time.' })),
    type: Type.Optional(TypeList),
    order: Type.Optional(
      Type.Unsafe<'asc' | 'desc'>({
        type: 'string',
        enum: ['asc', 'desc'],
        description: 'Oldest first (asc, the default) or latest first.',
      }),
    ),
    limit: Limit,
    cursor: Cursor,
  },
  { additionalProperties: false },
);
export type HistoryQuery = Static<typeof HistoryQuery>;

export const HistoryPage = Type.Object(
  {
    items: Type.Array(Type.Ref('Event')),
    nextCursor: Type.Optional(
      Type.String({ description: 'Absent on the last page. A page may be short, or empty, before it.' }),
    ),
  },
  { description: 'A page of what happened.', examples: [{ items: [exampleEvent] }] },
);
export type HistoryPage = { items: JobEvent[]; nextCursor?: string };
