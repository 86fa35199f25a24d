import { type Static, Type } from 'typebox';
import { EventId, exampleEvent } from './event.ts';
import { queueName } from './values/names.ts';

/** Why a reader may have missed events. */
export type GapReason =
  /** The events after the reader's position have been trimmed. */
  | 'too-far-back'
  /** Redis was emptied or lost its last writes, so the reader's position belongs to another history. */
  | 'events-replaced'
  /** Redis's clock went back, so the merged order of several queues is uncertain. */
  | 'clock-went-back';

/** Why the service ends a stream of events. */
export type DropReason =
  /** Too many bytes wait for the reader. */
  | 'too-slow'
  /** The reader has taken no byte for several heartbeats. */
  | 'stalled'
  | 'service-stops'
  /** The key of the reader was revoked, or its token has ended. */
  | 'access-ended'
  | 'redis-unavailable'
  | 'internal-error';

/** An enum that describes each value. The type makes the table complete. */
const oneOf = <T extends string>(table: Record<T, string>) =>
  Type.Unsafe<T>({
    type: 'string',
    enum: Object.keys(table),
    description: Object.entries(table)
      .map(([name, text]) => `\`${name}\`: ${text}.`)
      .join(' '),
  });

/** The last event of a job's stream. */
export const EndEvent = Type.Intersect(
  [
    Type.Ref('Event'),
    Type.Object({
      snapshot: Type.Optional(
        Type.Ref('Job', { description: 'The job at its end. Absent if its result has expired.' }),
      ),
    }),
  ],
  { $id: 'EndEvent', description: 'The last event of a job stream: an Event that carries the job.' },
);

/** A job as an NDJSON line. */
export const JobMessage = Type.Object(
  { id: EventId, type: Type.Literal('job', { description: 'Always `job`.' }), job: Type.Ref('Job') },
  {
    $id: 'JobMessage',
    description:
      'The current job: the first NDJSON line of a job stream. The data of the SSE message `job` is the Job alone.',
  },
);

export const ResetMessage = Type.Object(
  {
    id: EventId,
    type: Type.Literal('reset', { description: 'Always `reset`.' }),
    reason: oneOf<GapReason>({
      'too-far-back': 'the next events have been trimmed',
      'events-replaced':
        'Redis was emptied or lost its last writes, so the stream continues with all events it has',
      'clock-went-back': 'events of several queues may be missing or come twice',
    }),
    queue: Type.Optional(queueName('The queue with the gap. Absent: any queue of the stream.')),
  },
  {
    $id: 'ResetMessage',
    description: 'Events may be missing here. Read the jobs that you follow again.',
    examples: [{ id: exampleEvent.id, type: 'reset', reason: 'too-far-back', queue: 'default' }],
  },
);
export type ResetMessage = Static<typeof ResetMessage>;

export const DroppedMessage = Type.Object(
  {
    type: Type.Literal('dropped', { description: 'Always `dropped`.' }),
    reason: oneOf<DropReason>({
      'too-slow': 'you read too slowly, and too many bytes wait',
      stalled: 'you have read nothing for about 30 s',
      'service-stops': 'this process stops; reconnect',
      'access-ended': 'your key or token is no longer valid',
      'redis-unavailable': 'reconnect later',
      'internal-error': 'a defect of the service, which its log shows',
    }),
  },
  {
    $id: 'DroppedMessage',
    description:
      'The service ends the stream. The message has no id: reconnect with the last id that you got.',
    examples: [{ type: 'dropped', reason: 'service-stops' }],
  },
);
export type DroppedMessage = Static<typeof DroppedMessage>;

type Name = 'Event' | 'Job' | 'EndEvent' | 'JobMessage' | 'LogMessage' | 'ResetMessage' | 'DroppedMessage';

/** @param forms the schemas of the data of a message, or of a line. */
const text = (description: string, forms: readonly Name[], example: string) =>
  Type.String({
    description: `${description}: one of ${forms.join(', ')}.`,
    contentMediaType: 'application/json',
    contentSchema: { anyOf: forms.map((name) => Type.Ref(name)) },
    examples: [example],
  });

const stream = (description: string, sse: readonly Name[], lines: readonly Name[]) => ({
  description,
  content: {
    'text/event-stream': {
      schema: text(
        'Server-Sent Events. `event` is the type, `id` the id of the event. Comments keep the connection alive. `data` is JSON',
        sse,
        `event: started\nid: ${exampleEvent.id}\ndata: ${JSON.stringify(exampleEvent)}\n\n`,
      ),
    },
    'application/x-ndjson': {
      schema: text(
        'Lines of JSON. Empty lines keep the connection alive. Each other line is JSON',
        lines,
        `${JSON.stringify(exampleEvent)}\n`,
      ),
    },
  },
});

/** The response of an event stream, as far as a schema can describe it. */
export const EventStream = stream(
  'Events as they happen, until the client disconnects.',
  ['Event', 'ResetMessage', 'DroppedMessage'],
  ['Event', 'ResetMessage', 'DroppedMessage'],
);

export const JobEventStream = stream(
  'The job, then its events as they happen, up to its end.',
  ['Job', 'Event', 'EndEvent', 'LogMessage', 'ResetMessage', 'DroppedMessage'],
  ['JobMessage', 'Event', 'EndEvent', 'LogMessage', 'ResetMessage', 'DroppedMessage'],
);
