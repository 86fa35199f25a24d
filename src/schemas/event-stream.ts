import { type Static, Type } from 'typebox';
import { EventId, exampleEvent } from './event.ts';
import { QueueName } from './values/names.ts';

/** Why a reader may have missed events. */
export type GapReason =
  /** So many came since that the next ones are not kept any more. */
  | 'too-far-back'
  /** The events are others than those of which the reader knows: Redis was emptied, or lost its last writes. */
  | 'events-replaced'
  /** Events of several queues may be missing, or come twice. */
  | 'clock-went-back';

/** Why the service ends a stream of events. */
export type DropReason =
  /** More waits for the reader than may. */
  | 'too-slow'
  /** Nothing was taken from the connection for so long. */
  | 'stalled'
  | 'service-stops'
  | 'redis-unavailable'
  | 'internal-error';

/** One of these; the table keeps the list complete. */
const oneOf = <T extends string>(table: Record<T, string>) =>
  Type.Unsafe<T>({
    type: 'string',
    enum: Object.keys(table),
    description: Object.entries(table)
      .map(([name, text]) => `\`${name}\`: ${text}`)
      .join('; '),
  });

/** What the end of a job looks like in its own stream. */
export const EndEvent = Type.Intersect(
  [
    Type.Ref('Event'),
    Type.Object({
      snapshot: Type.Optional(
        Type.Ref('Job', { description: 'The job as it ended; absent if it is not kept any more.' }),
      ),
    }),
  ],
  { $id: 'EndEvent', description: 'The last event of a stream of a job: an Event that has the job with it.' },
);

/** A job as it is, as a line. */
export const JobMessage = Type.Object(
  { id: EventId, type: Type.Literal('job'), job: Type.Ref('Job') },
  {
    $id: 'JobMessage',
    description:
      'The job as it is: the first line of its stream. As an SSE message `job` its data is the Job alone.',
  },
);

export const ResetMessage = Type.Object(
  {
    id: EventId,
    type: Type.Literal('reset'),
    reason: oneOf<GapReason>({
      'too-far-back': 'the next events are not kept any more',
      'events-replaced': 'Redis was emptied or lost its last writes, so all that it has is told',
      'clock-went-back': 'events of several queues may be missing, or come twice',
    }),
    queue: Type.Optional(QueueName),
  },
  {
    $id: 'ResetMessage',
    description: 'Events may be missing here, of one queue if it is named.',
    examples: [{ id: exampleEvent.id, type: 'reset', reason: 'too-far-back', queue: 'default' }],
  },
);
export type ResetMessage = Static<typeof ResetMessage>;

export const DroppedMessage = Type.Object(
  {
    type: Type.Literal('dropped'),
    reason: oneOf<DropReason>({
      'too-slow': 'too much waited for you',
      stalled: 'you took nothing for so long',
      'service-stops': 'come back to another process',
      'redis-unavailable': 'come back later',
      'internal-error': 'a defect, which is in the log',
    }),
  },
  {
    $id: 'DroppedMessage',
    description: 'The service ends the stream. It has no id: come back with the last one that you got.',
    examples: [{ type: 'dropped', reason: 'service-stops' }],
  },
);
export type DroppedMessage = Static<typeof DroppedMessage>;

type Name = 'Event' | 'Job' | 'EndEvent' | 'JobMessage' | 'ResetMessage' | 'DroppedMessage';

/** @param forms what the data of a message, or a line, can be. */
const text = (description: string, forms: readonly Name[], example: string) =>
  Type.String({
    description: `${description}; one of ${forms.join(', ')}.`,
    contentMediaType: 'application/json',
    contentSchema: { anyOf: forms.map((name) => Type.Ref(name)) },
    examples: [example],
  });

const stream = (description: string, sse: readonly Name[], lines: readonly Name[]) => ({
  description,
  content: {
    'text/event-stream': {
      schema: text(
        'Messages: `event` is the type, `id` the id; comments keep the connection alive. The schema is that of `data`',
        sse,
        `event: started\nid: ${exampleEvent.id}\ndata: ${JSON.stringify(exampleEvent)}\n\n`,
      ),
    },
    'application/x-ndjson': {
      schema: text(
        'Lines; empty ones keep the connection alive. The schema is that of each other line',
        lines,
        `${JSON.stringify(exampleEvent)}\n`,
      ),
    },
  },
});

/** The answer of the streams of events, as far as a schema can say it. */
export const EventStream = stream(
  'Events as they happen, until the client goes.',
  ['Event', 'ResetMessage', 'DroppedMessage'],
  ['Event', 'ResetMessage', 'DroppedMessage'],
);

export const JobEventStream = stream(
  'The job, and its events as they happen, up to its end.',
  ['Job', 'Event', 'EndEvent', 'ResetMessage', 'DroppedMessage'],
  ['JobMessage', 'Event', 'EndEvent', 'ResetMessage', 'DroppedMessage'],
);
