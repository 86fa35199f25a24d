import { type Static, Type } from 'typebox';
import { jobId, QueueName, timestamp } from './values/names.ts';
import { Cursor, Limit, NextPartCursor } from './values/page.ts';

/** Every type of event. */
export const EVENT_TYPES = [
  'submitted',
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
  'changed',
  'paused',
  'resumed',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

const TYPES: ReadonlySet<string> = new Set(EVENT_TYPES);

export const isEventType = (text: string): text is EventType => TYPES.has(text);

export const EventTypeSchema = Type.Unsafe<EventType>({
  type: 'string',
  enum: [...EVENT_TYPES],
  description:
    'What happened. `submitted`: a job was stored; only queues with `submitEvents` say so. `released`: a worker gave the job back, which spends no attempt. `recovered`: the service took the job from a lost worker. `requeued`: a client retried a failed job. `changed`: a client changed a waiting job. `paused` and `resumed` are about the queue.',
});

export const EventId = Type.String({
  description: 'The id of the event: opaque. Send it unchanged in Last-Event-ID, `upTo` or `ids`.',
  examples: ['1769860800003-0-1'],
});

export const exampleEvent = {
  id: '1769860800003-0-1',
  type: 'started',
  queue: 'default',
  job: 'default~nmfa2k9x0-0',
  at: '2026-01-31T12:00:00.003Z',
};

/** A change of a job or a queue. */
export const JobEvent = Type.Object(
  {
    id: EventId,
    type: EventTypeSchema,
    queue: QueueName,
    job: Type.Optional(jobId('The job. Absent when the event is about the queue.')),
    at: timestamp('When it happened.'),
    progress: Type.Optional(
      Type.Unknown({
        description:
          'The progress report of the task. Absent if its JSON has more than 512 characters; then read the job.',
      }),
    ),
  },
  {
    $id: 'Event',
    description: 'A change of a job, or of a queue when `job` is absent.',
    examples: [exampleEvent],
  },
);
export type JobEvent = Static<typeof JobEvent>;

const TYPES_PATTERN = `^(${EVENT_TYPES.join('|')})(,(${EVENT_TYPES.join('|')}))*$`;

export const TypeList = Type.String({
  pattern: TYPES_PATTERN,
  description: `Only events of these types, comma separated: ${EVENT_TYPES.join(', ')}. Default: all.`,
  examples: ['completed,failed'],
});

const cacheBuster = Type.Optional(
  Type.String({ maxLength: 128, description: 'Ignored. Some clients add it to get past caches.' }),
);

/** What an EventSource in a browser, or what stands for it there, can send only in the URL. The events of a job need no filter. */
export const JobEventsQuery = Type.Object(
  {
    lastEventId: Type.Optional(
      Type.String({
        maxLength: 128,
        description: 'The same as `Last-Event-ID`, for clients that cannot send headers. The header wins.',
      }),
    ),
    _: cacheBuster,
    t: cacheBuster,
  },
  { additionalProperties: false },
);

export const EventsQuery = Type.Object(
  { type: Type.Optional(TypeList), ...JobEventsQuery.properties },
  { additionalProperties: false },
);

export const EventHeaders = Type.Object({
  accept: Type.Optional(
    Type.String({
      description: '`text/event-stream` (default) or `application/x-ndjson`.',
      maxLength: 512,
      examples: ['text/event-stream'],
    }),
  ),
  'last-event-id': Type.Optional(
    Type.String({
      description:
        'The stream continues after this event. Absent: it starts now. `0-0`: it starts with the oldest kept event.',
      maxLength: 128,
      examples: ['1769860800003-0-1'],
    }),
  ),
});

export const HistoryQuery = Type.Object(
  {
    from: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'Only events at or after this time (RFC 3339). Default: the oldest kept.',
      }),
    ),
    to: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'Only events before this time (RFC 3339). Default: the latest.',
      }),
    ),
    type: Type.Optional(TypeList),
    order: Type.Optional(
      Type.Unsafe<'asc' | 'desc'>({
        type: 'string',
        enum: ['asc', 'desc'],
        description: '`asc`: oldest first (default). `desc`: latest first.',
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
    items: Type.Array(Type.Ref('Event'), { description: 'The events of this page.' }),
    nextCursor: NextPartCursor,
  },
  { description: 'A page of events.', examples: [{ items: [exampleEvent] }] },
);
export type HistoryPage = { items: JobEvent[]; nextCursor?: string };
