import { type Static, Type } from 'typebox';
import { EventId, EventTypeSchema, type JobEvent } from './event.ts';
import { QUEUE_NAME_PATTERN, QueueName, Timestamp } from './values/names.ts';

export const SubscriptionName = Type.String({
  pattern: QUEUE_NAME_PATTERN,
  description: '1 to 64 characters: letters, digits, "_", ".", "-"; starts with a letter or digit.',
  examples: ['billing'],
});

export const SubscriptionParams = Type.Object({ name: QueueName, sub: SubscriptionName });

export const DEFAULT_BACKLOG = 100_000;
export const DEFAULT_ACK_WAIT_MS = 30_000;

const backlog = Type.Integer({
  minimum: 1_000,
  maximum: 1_000_000,
  description: `Entries of events that are kept for it; what it has not acknowledged of older ones is lost, and counted. Default ${DEFAULT_BACKLOG}.`,
});
const ackWait = Type.Integer({
  minimum: 100,
  maximum: 86_400_000,
  description: `Events that were read and not acknowledged in this time are handed out again. Default ${DEFAULT_ACK_WAIT_MS}.`,
});

export const SubscriptionOptions = Type.Object(
  {
    from: Type.Optional(
      Type.Unsafe<'now' | 'oldest'>({
        type: 'string',
        enum: ['now', 'oldest'],
        description: 'Where a new subscription begins. Default now.',
      }),
    ),
    maxBacklog: Type.Optional(backlog),
    ackWaitMs: Type.Optional(ackWait),
  },
  { additionalProperties: false, examples: [{ from: 'now', ackWaitMs: 60_000 }] },
);
export type SubscriptionOptions = Static<typeof SubscriptionOptions>;

export const Subscription = Type.Object(
  {
    name: SubscriptionName,
    queue: QueueName,
    createdAt: Timestamp,
    backlog: Type.Integer({
      minimum: 0,
      description: 'Entries that wait to be read; an entry has the events of one move, often one.',
    }),
    unacked: Type.Integer({ minimum: 0, description: 'Entries that were read and not acknowledged.' }),
    oldestUnackedAt: Type.Optional(Timestamp),
    lost: Type.Integer({
      minimum: 0,
      description:
        'Entries of which not all was acknowledged before they were dropped, unread or read: above all beyond maxBacklog.',
    }),
    maxBacklog: backlog,
    ackWaitMs: ackWait,
  },
  {
    $id: 'Subscription',
    description: 'A durable subscription to the events of a queue.',
    examples: [
      {
        name: 'billing',
        queue: 'default',
        createdAt: '2026-01-31T12:00:00.000Z',
        backlog: 12,
        unacked: 0,
        lost: 0,
        maxBacklog: DEFAULT_BACKLOG,
        ackWaitMs: DEFAULT_ACK_WAIT_MS,
      },
    ],
  },
);
export type Subscription = Static<typeof Subscription>;

export const SubscriptionList = Type.Object(
  { items: Type.Array(Type.Ref('Subscription')) },
  { description: 'All subscriptions of the queue, by name.', examples: [{ items: [] }] },
);

export const DEFAULT_READ = 100;

export const ReadEvents = Type.Object(
  {
    max: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000,
        description: `Events, about: those of one entry come together. Default ${DEFAULT_READ}.`,
      }),
    ),
    waitMs: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 30_000, description: 'How long to wait for an event. Default 0.' }),
    ),
    types: Type.Optional(
      Type.Array(EventTypeSchema, {
        minItems: 1,
        maxItems: 20,
        description: 'Only these; others that come before them are acknowledged.',
      }),
    ),
  },
  { additionalProperties: false, examples: [{ max: 100, waitMs: 30_000 }] },
);
export type ReadEvents = Static<typeof ReadEvents>;

export const EventsRead = Type.Object(
  {
    events: Type.Array(Type.Ref('Event')),
    lost: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Entries that were lost since the last answer that said so.' }),
    ),
    more: Type.Optional(
      Type.Boolean({
        description: 'true: nothing of the wanted types was among those looked at; there may be more now.',
      }),
    ),
  },
  {
    description: 'Events, yours to acknowledge. None, and no `more`: there are none now.',
    examples: [{ events: [] }],
  },
);
export type EventsRead = { events: JobEvent[]; lost?: number; more?: true };

export const AckEvents = Type.Object(
  {
    upTo: Type.Optional(EventId),
    ids: Type.Optional(Type.Array(EventId, { minItems: 1, maxItems: 10_000 })),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    description: '`upTo`: this event and all before it; `ids`: just these.',
    examples: [{ upTo: '1769860800003-0-1' }],
  },
);
export type AckEvents = Static<typeof AckEvents>;

export const Acknowledged = Type.Object(
  {
    acked: Type.Integer({ minimum: 0, description: 'Entries all of whose events are acknowledged now.' }),
    unacked: Type.Integer({ minimum: 0, description: 'Entries that were read and are not.' }),
  },
  { description: 'What is acknowledged, and what is not.', examples: [{ acked: 12, unacked: 0 }] },
);
export type Acknowledged = Static<typeof Acknowledged>;
