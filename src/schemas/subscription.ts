import { type Static, Type } from 'typebox';
import { EventId, EventTypeSchema, type JobEvent } from './event.ts';
import { NAME_FORM, QUEUE_NAME_PATTERN, QueueName, timestamp } from './values/names.ts';

export const SubscriptionName = Type.String({
  pattern: QUEUE_NAME_PATTERN,
  description: `The name of a subscription. ${NAME_FORM}`,
  examples: ['billing'],
});

export const SubscriptionParams = Type.Object({ name: QueueName, sub: SubscriptionName });

export const DEFAULT_BACKLOG = 100_000;
export const DEFAULT_ACK_WAIT_MS = 30_000;

const backlog = Type.Integer({
  minimum: 1_000,
  maximum: 1_000_000,
  description: `The most entries that the service keeps for the subscription. Older entries are lost unless acknowledged, and \`lost\` counts them. Default ${DEFAULT_BACKLOG}.`,
});
const ackWait = Type.Integer({
  minimum: 100,
  maximum: 86_400_000,
  description: `Milliseconds to acknowledge events after a read. The service then delivers them again. Default ${DEFAULT_ACK_WAIT_MS}.`,
});

export const SubscriptionOptions = Type.Object(
  {
    from: Type.Optional(
      Type.Unsafe<'now' | 'oldest'>({
        type: 'string',
        enum: ['now', 'oldest'],
        description:
          'Where a new subscription starts: with the next event (`now`) or with the oldest kept one. Default now.',
      }),
    ),
    maxBacklog: Type.Optional(backlog),
    ackWaitMs: Type.Optional(ackWait),
  },
  {
    additionalProperties: false,
    description: 'Settings of a subscription. An absent body means the defaults.',
    examples: [{ from: 'now', ackWaitMs: 60_000 }],
  },
);
export type SubscriptionOptions = Static<typeof SubscriptionOptions>;

export const Subscription = Type.Object(
  {
    name: SubscriptionName,
    queue: QueueName,
    createdAt: timestamp('When the subscription was created.'),
    backlog: Type.Integer({
      minimum: 0,
      description: 'Entries not read yet. An entry holds the events of one change, often a single one.',
    }),
    unacked: Type.Integer({ minimum: 0, description: 'Entries read but not acknowledged.' }),
    oldestUnackedAt: Type.Optional(timestamp('When the oldest unacknowledged entry happened.')),
    lost: Type.Integer({
      minimum: 0,
      description:
        'Entries that the service dropped before they were fully acknowledged, mostly because of `maxBacklog`.',
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
  { items: Type.Array(Type.Ref('Subscription'), { description: 'The subscriptions.' }) },
  { description: 'All subscriptions of the queue, ordered by name.', examples: [{ items: [] }] },
);

export const DEFAULT_READ = 100;

export const ReadEvents = Type.Object(
  {
    max: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000,
        description: `About the most events to return: the events of one entry stay together. Default ${DEFAULT_READ}.`,
      }),
    ),
    waitMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 30_000,
        description: 'The longest wait for an event, in milliseconds. Default 0.',
      }),
    ),
    types: Type.Optional(
      Type.Array(EventTypeSchema, {
        minItems: 1,
        maxItems: 20,
        description:
          'Only events of these types. The service acknowledges the others itself. Default: all types.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'Which events to read. An absent body means the defaults.',
    examples: [{ max: 100, waitMs: 30_000 }],
  },
);
export type ReadEvents = Static<typeof ReadEvents>;

export const EventsRead = Type.Object(
  {
    events: Type.Array(Type.Ref('Event'), { description: 'The events, oldest first. Acknowledge them.' }),
    lost: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Entries lost since the last response with `lost`.' }),
    ),
    more: Type.Optional(
      Type.Boolean({
        description:
          'true: the service found none of the wanted types so far, and more entries wait. Read again.',
      }),
    ),
  },
  {
    description: 'Events to acknowledge. If there are none and `more` is absent, nothing waits now.',
    examples: [{ events: [] }],
  },
);
export type EventsRead = { events: JobEvent[]; lost?: number; more?: true };

export const AckEvents = Type.Object(
  {
    upTo: Type.Optional(EventId),
    ids: Type.Optional(
      Type.Array(EventId, { minItems: 1, maxItems: 10_000, description: 'The ids of the events.' }),
    ),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    description:
      'Either `upTo`, which acknowledges this event and all before it, or `ids`, which acknowledges these events.',
    examples: [{ upTo: '1769860800003-0-1' }],
  },
);
export type AckEvents = Static<typeof AckEvents>;

export const Acknowledged = Type.Object(
  {
    acked: Type.Integer({ minimum: 0, description: 'Entries that this request has fully acknowledged.' }),
    unacked: Type.Integer({ minimum: 0, description: 'Entries read but still not acknowledged.' }),
  },
  {
    description: 'How many entries are acknowledged, and how many are not.',
    examples: [{ acked: 12, unacked: 0 }],
  },
);
export type Acknowledged = Static<typeof Acknowledged>;
