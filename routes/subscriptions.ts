import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { requesterOf } from '../src/http/request/requester.ts';
import { problems, QueueParams } from '../src/schemas/http.ts';
import {
  AckEvents,
  Acknowledged,
  EventsRead,
  ReadEvents,
  SubscriptionList,
  SubscriptionOptions,
  SubscriptionParams,
} from '../src/schemas/subscription.ts';

const subscription = (description: string) => ({ ...Type.Ref('Subscription'), description });

/** No body is no wish. */
const withBody = async (request: { body: unknown }) => {
  request.body ??= {};
};

export const subscriptionRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/queues/:name/subscriptions',
    {
      schema: {
        operationId: 'listSubscriptions',
        summary: 'List the durable subscriptions of a queue',
        tags: ['events'],
        params: QueueParams,
        response: { 200: SubscriptionList, ...problems(400, 404, 500, 503) },
      },
    },
    async ({ params }) => ({ items: await app.subscriptions.list(params.name) }),
  );

  app.put(
    '/queues/:name/subscriptions/:sub',
    {
      preValidation: withBody,
      schema: {
        operationId: 'putSubscription',
        summary: 'Subscribe to the events of a queue for good',
        description:
          'Every event from then on is kept until it is read and acknowledged, within maxBacklog. Of a subscription that is there only what is given changes.',
        tags: ['events'],
        params: SubscriptionParams,
        body: SubscriptionOptions,
        response: {
          200: subscription('It was there.'),
          201: subscription('It is made.'),
          ...problems(400, 409, 413, 415, 500, 503),
        },
      },
    },
    async ({ params, body }, reply) => {
      const { isNew, subscription: made } = await app.subscriptions.put(params.name, params.sub, body);
      return reply.code(isNew ? 201 : 200).send(made);
    },
  );

  app.get(
    '/queues/:name/subscriptions/:sub',
    {
      schema: {
        operationId: 'getSubscription',
        summary: 'How a subscription stands',
        tags: ['events'],
        params: SubscriptionParams,
        response: { 200: subscription('How it stands.'), ...problems(400, 404, 500, 503) },
      },
    },
    ({ params }) => app.subscriptions.get(params.name, params.sub),
  );

  app.delete(
    '/queues/:name/subscriptions/:sub',
    {
      schema: {
        operationId: 'removeSubscription',
        summary: 'End a subscription',
        tags: ['events'],
        params: SubscriptionParams,
        response: {
          204: Type.Null({ description: 'It is gone, and nothing is kept for it.' }),
          ...problems(400, 404, 500, 503),
        },
      },
    },
    async ({ params }, reply) => {
      await app.subscriptions.remove(params.name, params.sub);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/queues/:name/subscriptions/:sub/read',
    {
      preValidation: withBody,
      schema: {
        operationId: 'readSubscription',
        summary: 'Take the next events of a subscription',
        description:
          'Each event goes to one of those who read, and again to one if it is not acknowledged within ackWaitMs.',
        tags: ['events'],
        params: SubscriptionParams,
        body: ReadEvents,
        response: { 200: EventsRead, ...problems(400, 404, 413, 415, 500, 503) },
      },
    },
    ({ params, body }, reply) => app.subscriptions.read(params.name, params.sub, body, requesterOf(reply)),
  );

  app.post(
    '/queues/:name/subscriptions/:sub/ack',
    {
      schema: {
        operationId: 'ackSubscription',
        summary: 'Acknowledge events of a subscription',
        description: 'They are not handed out again, and need not be kept any more.',
        tags: ['events'],
        params: SubscriptionParams,
        body: AckEvents,
        response: { 200: Acknowledged, ...problems(400, 404, 413, 415, 500, 503) },
      },
    },
    ({ params, body }) => app.subscriptions.ack(params.name, params.sub, body),
  );
};
