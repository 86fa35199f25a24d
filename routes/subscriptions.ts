import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { optionalBody } from '../src/http/request/optional-body.ts';
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

export const subscriptionRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/queues/:name/subscriptions',
    {
      schema: {
        operationId: 'listSubscriptions',
        summary: 'List the durable subscriptions of a queue',
        description: 'With the backlog and the losses of each.',
        tags: ['events'],
        params: QueueParams,
        response: { 200: SubscriptionList, ...problems(400, 500, 503) },
      },
    },
    async ({ params }) => ({ items: await app.subscriptions.list(params.name) }),
  );

  app.put(
    '/queues/:name/subscriptions/:sub',
    {
      preValidation: optionalBody,
      schema: {
        operationId: 'putSubscription',
        summary: 'Create or change a durable subscription',
        description:
          'The service keeps each later event of the queue until you have acknowledged it, within `maxBacklog`. For an existing subscription only the given fields change.',
        tags: ['events'],
        params: SubscriptionParams,
        body: SubscriptionOptions,
        response: {
          200: subscription('The subscription existed. This is its new state.'),
          201: subscription('The subscription is created.'),
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
        summary: 'Read a durable subscription',
        description: 'Shows its settings, its backlog and its losses.',
        tags: ['events'],
        params: SubscriptionParams,
        response: { 200: subscription('The current subscription.'), ...problems(400, 404, 500, 503) },
      },
    },
    ({ params }) => app.subscriptions.get(params.name, params.sub),
  );

  app.delete(
    '/queues/:name/subscriptions/:sub',
    {
      schema: {
        operationId: 'removeSubscription',
        summary: 'Remove a durable subscription',
        description: 'The service keeps no more events for it.',
        tags: ['events'],
        params: SubscriptionParams,
        response: {
          204: Type.Null({ description: 'The subscription is removed.' }),
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
      preValidation: optionalBody,
      schema: {
        operationId: 'readSubscription',
        summary: 'Read the next events of a subscription',
        description:
          'Each event goes to one reader. If no reader acknowledges it within `ackWaitMs`, the service delivers it again.',
        tags: ['events'],
        params: SubscriptionParams,
        body: ReadEvents,
        response: { 200: EventsRead, ...problems(400, 404, 413, 415, 500, 503) },
      },
    },
    (request, reply) => {
      const { params, body } = request;
      if (body.waitMs) app.enterWait(request, reply);
      return app.subscriptions.read(params.name, params.sub, body, requesterOf(reply));
    },
  );

  app.post(
    '/queues/:name/subscriptions/:sub/ack',
    {
      schema: {
        operationId: 'ackSubscription',
        summary: 'Acknowledge events of a subscription',
        description: 'The service does not deliver them again and keeps them no longer.',
        tags: ['events'],
        params: SubscriptionParams,
        body: AckEvents,
        response: { 200: Acknowledged, ...problems(400, 404, 413, 415, 500, 503) },
      },
    },
    ({ params, body }) => app.subscriptions.ack(params.name, params.sub, body),
  );
};
