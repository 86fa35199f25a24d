import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { JobPage, LimitQuery, ListQuery, problems, QueueParams } from '../src/schemas/http.ts';
import {
  DeadSelection,
  DeadStep,
  PendingList,
  QueueList,
  QueueSettings,
  QueueSummary,
} from '../src/schemas/queue.ts';

const DEFAULT_LIMIT = 100;

export const queueRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/queues',
    {
      schema: {
        operationId: 'listQueues',
        summary: 'List the queues',
        tags: ['queues'],
        response: { 200: QueueList, ...problems(500, 503) },
      },
    },
    async () => ({ items: await app.queueInspector.summaries() }),
  );

  app.get(
    '/queues/:name/stats',
    {
      schema: {
        operationId: 'getQueueStats',
        summary: 'Count everything in a queue',
        tags: ['queues'],
        params: QueueParams,
        response: {
          200: { ...Type.Ref('QueueStats'), description: 'The queue, counted at one moment.' },
          ...problems(400, 404, 500, 503),
        },
      },
    },
    (request) => app.queueInspector.stats(request.params.name),
  );

  app.get(
    '/queues/:name/jobs',
    {
      schema: {
        operationId: 'listJobs',
        summary: 'List the jobs of a queue',
        description:
          'Jobs that have a place in the queue, by status. Completed, cancelled and expired jobs are read by id.',
        tags: ['queues'],
        params: QueueParams,
        querystring: ListQuery,
        response: { 200: JobPage, ...problems(400, 404, 500, 503) },
      },
    },
    ({ params, query }) => app.queueInspector.list(params.name, { limit: DEFAULT_LIMIT, ...query }),
  );

  app.get(
    '/queues/:name/pending',
    {
      schema: {
        operationId: 'listPending',
        summary: 'Who runs what, since when and for how long, at which attempt',
        tags: ['queues'],
        params: QueueParams,
        querystring: LimitQuery,
        response: {
          200: PendingList,
          ...problems(400, 404, 500, 503),
        },
      },
    },
    async ({ params, query }) => ({
      items: await app.queueInspector.pending(params.name, query.limit ?? DEFAULT_LIMIT),
    }),
  );

  app.get(
    '/pending',
    {
      schema: {
        operationId: 'listAllPending',
        summary: 'Who runs what in all queues, since when and for how long',
        description: 'By queue, up to the limit.',
        tags: ['queues'],
        querystring: LimitQuery,
        response: { 200: PendingList, ...problems(400, 500, 503) },
      },
    },
    async ({ query }) => ({ items: await app.queueInspector.pendingOfAll(query.limit ?? DEFAULT_LIMIT) }),
  );

  app.put(
    '/queues/:name',
    {
      schema: {
        operationId: 'configureQueue',
        summary: 'Set the limits of a queue',
        description: 'A queue need not have jobs yet. Other API processes obey within two seconds.',
        tags: ['queues'],
        params: QueueParams,
        body: QueueSettings,
        response: { 200: QueueSummary, ...problems(400, 413, 415, 500, 503) },
      },
    },
    ({ params, body }) => app.queueOperator.configure(params.name, body),
  );

  app.post(
    '/queues/:name/dead/retry',
    {
      // No body is no condition.
      preValidation: async (request) => {
        request.body ??= {};
      },
      schema: {
        operationId: 'retryDead',
        summary: 'Let failed jobs run again',
        description:
          'Looks at the next `limit` failed jobs, the oldest of each priority first, and retries those that are selected. Call again with nextCursor until there is none.',
        tags: ['queues'],
        params: QueueParams,
        body: DeadSelection,
        response: { 200: DeadStep, ...problems(400, 404, 413, 415, 500, 503) },
      },
    },
    ({ params, body }) => app.queueOperator.retryDead(params.name, body),
  );

  app.delete(
    '/queues/:name/dead',
    {
      schema: {
        operationId: 'purgeDead',
        summary: 'Remove failed jobs',
        description:
          'Looks at the next `limit` failed jobs, the oldest of each priority first, and removes those that are selected. Call again with nextCursor until there is none.',
        tags: ['queues'],
        params: QueueParams,
        querystring: DeadSelection,
        response: { 200: DeadStep, ...problems(400, 404, 500, 503) },
      },
    },
    ({ params, query }) => app.queueOperator.purgeDead(params.name, query),
  );

  for (const [verb, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    app.post(
      `/queues/:name/${verb}`,
      {
        schema: {
          operationId: `${verb}Queue`,
          summary: paused ? 'Stop workers from taking jobs' : 'Let workers take jobs again',
          description: paused
            ? 'Jobs that run go on; jobs are still accepted.'
            : 'Has no effect on a queue that is not paused.',
          tags: ['queues'],
          params: QueueParams,
          response: { 200: QueueSummary, ...problems(400, 500, 503) },
        },
      },
      (request) => app.queueOperator.setPaused(request.params.name, paused),
    );
  }
};
