import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { visibleTo } from '../src/http/access/caller-view.ts';
import { optionalBody } from '../src/http/request/optional-body.ts';
import { BulkStep, DeadSelection, JobSelection } from '../src/schemas/bulk.ts';
import {
  JobPage,
  ListQuery,
  MAX_QUEUES,
  PageQuery,
  problems,
  QueueListQuery,
  QueueParams,
  RemoveQueueQuery,
} from '../src/schemas/http.ts';
import { QueueList, QueueRemains, QueueSettings, QueueSummary } from '../src/schemas/queue.ts';
import { PauseQueue } from '../src/schemas/queues/pause.ts';
import { PendingList } from '../src/schemas/queues/pending.ts';

const DEFAULT_LIMIT = 100;

export const queueRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/queues',
    {
      schema: {
        operationId: 'listQueues',
        summary: 'List the queues',
        description:
          'Every queue that a job, a worker or a setting has used and that you may read, with its counts.',
        tags: ['queues'],
        querystring: QueueListQuery,
        response: { 200: QueueList, ...problems(400, 500, 503) },
      },
    },
    ({ query, caller }) => app.queueInspector.summaries({ limit: MAX_QUEUES, ...query }, visibleTo(caller)),
  );

  app.get(
    '/queues/:name',
    {
      schema: {
        operationId: 'getQueue',
        summary: 'Show a queue',
        description: 'Its settings and its counts. A queue that had no job yet is empty.',
        tags: ['queues'],
        params: QueueParams,
        response: { 200: QueueSummary, ...problems(400, 500, 503) },
      },
    },
    ({ params }) => app.queueInspector.summary(params.name),
  );

  app.get(
    '/queues/:name/stats',
    {
      schema: {
        operationId: 'getQueueStats',
        summary: 'Show the statistics of a queue',
        description: 'Counts, totals, rates, latencies, workers and memory.',
        tags: ['queues'],
        params: QueueParams,
        response: {
          200: { ...Type.Ref('QueueStats'), description: 'The statistics at one moment.' },
          ...problems(400, 500, 503),
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
          'Lists queued, scheduled, running, retrying and failed jobs. With `status=completed`, `cancelled` or `expired` it lists jobs that ended so, the last one first: as far back as the events of the queue and the results of the jobs are kept. A page of large jobs has fewer than `limit` jobs: about 8 MiB, and at least one job.',
        tags: ['queues'],
        params: QueueParams,
        querystring: ListQuery,
        response: { 200: JobPage, ...problems(400, 500, 503) },
      },
    },
    ({ params, query }) => app.queueInspector.list(params.name, { limit: DEFAULT_LIMIT, ...query }),
  );

  app.delete(
    '/queues/:name/jobs',
    {
      schema: {
        operationId: 'cancelJobs',
        summary: 'Cancel the waiting jobs of a queue',
        description:
          'Checks the next `limit` jobs with the status, and cancels them, or those of the task. Each ends as POST /jobs/{id}/cancel ends it. Jobs that start before their turn, and jobs submitted after the first step, are left alone. With `status=failed` it removes failed jobs. Repeat with `nextCursor` until it is absent.',
        tags: ['queues'],
        params: QueueParams,
        querystring: JobSelection,
        response: { 200: BulkStep, ...problems(400, 404, 500, 503) },
      },
    },
    ({ params, query }) => app.queueOperator.cancelJobs(params.name, query),
  );

  app.get(
    '/queues/:name/pending',
    {
      schema: {
        operationId: 'listPending',
        summary: 'List the running jobs of a queue',
        description: 'Shows which worker runs which job, since when, and at which attempt.',
        tags: ['queues'],
        params: QueueParams,
        querystring: PageQuery,
        response: { 200: PendingList, ...problems(400, 500, 503) },
      },
    },
    ({ params, query }) => app.queueInspector.pending(params.name, { limit: DEFAULT_LIMIT, ...query }),
  );

  app.get(
    '/pending',
    {
      schema: {
        operationId: 'listAllPending',
        summary: 'List the running jobs of all queues',
        description: 'Of those that you may read, ordered by queue.',
        tags: ['queues'],
        querystring: PageQuery,
        response: { 200: PendingList, ...problems(400, 500, 503) },
      },
    },
    ({ query, caller }) =>
      app.queueInspector.pendingOfAll({ limit: DEFAULT_LIMIT, ...query }, visibleTo(caller)),
  );

  app.put(
    '/queues/:name',
    {
      schema: {
        operationId: 'configureQueue',
        summary: 'Change the settings of a queue',
        description:
          'Sets what you name. The queue needs no jobs yet. Other API processes apply the change within two seconds.',
        tags: ['queues'],
        params: QueueParams,
        body: QueueSettings,
        response: { 200: QueueSummary, ...problems(400, 413, 415, 500, 503) },
      },
    },
    ({ params, body }) => app.queueOperator.configure(params.name, body),
  );

  app.delete(
    '/queues/:name',
    {
      schema: {
        operationId: 'removeQueue',
        summary: 'Remove a queue',
        description:
          'Removes a queue that has no jobs and no schedules: its settings, subscriptions, events and totals. Results and Idempotency-Keys are kept for their time. With `force=true` it also ends the jobs and schedules of the queue, a part with each request: repeat it until it answers 204. A worker that names the queue in QUEUES, or polls it over HTTP, brings it back empty.',
        tags: ['queues'],
        params: QueueParams,
        querystring: RemoveQueueQuery,
        response: {
          202: QueueRemains,
          204: Type.Null({ description: 'The queue is removed.' }),
          ...problems(400, 404, 409, 500, 503),
        },
      },
    },
    async ({ params, query }, reply) => {
      const { queueRemover } = app;
      const remains = query.force
        ? await queueRemover.force(params.name)
        : await queueRemover.remove(params.name);
      return remains === undefined ? reply.code(204).send(null) : reply.code(202).send(remains);
    },
  );

  app.post(
    '/queues/:name/dead/retry',
    {
      preValidation: optionalBody,
      schema: {
        operationId: 'retryDead',
        summary: 'Retry the failed jobs of a queue',
        description:
          'Checks the next `limit` failed jobs, the oldest of each priority first, and retries those selected. Repeat with `nextCursor` until it is absent.',
        tags: ['queues'],
        params: QueueParams,
        body: DeadSelection,
        response: { 200: BulkStep, ...problems(400, 404, 413, 415, 500, 503) },
      },
    },
    ({ params, body }) => app.queueOperator.retryDead(params.name, body),
  );

  app.delete(
    '/queues/:name/dead',
    {
      schema: {
        operationId: 'purgeDead',
        summary: 'Remove the failed jobs of a queue',
        description:
          'Checks the next `limit` failed jobs, the oldest of each priority first, and removes those selected. Repeat with `nextCursor` until it is absent.',
        tags: ['queues'],
        params: QueueParams,
        querystring: DeadSelection,
        response: { 200: BulkStep, ...problems(400, 404, 500, 503) },
      },
    },
    ({ params, query }) => app.queueOperator.purgeDead(params.name, query),
  );

  app.post(
    '/queues/:name/pause',
    {
      preValidation: optionalBody,
      schema: {
        operationId: 'pauseQueue',
        summary: 'Pause a queue',
        description:
          'Workers take no more jobs. Running jobs continue, and the queue still accepts jobs. With `until` or `for` the queue resumes by itself, by the clock of Redis. Pausing again replaces the end of the pause.',
        tags: ['queues'],
        params: QueueParams,
        body: PauseQueue,
        response: { 200: QueueSummary, ...problems(400, 413, 415, 500, 503) },
      },
    },
    ({ params, body }) => app.queueOperator.setPaused(params.name, true, body),
  );

  app.post(
    '/queues/:name/resume',
    {
      schema: {
        operationId: 'resumeQueue',
        summary: 'Resume a queue',
        description: 'Workers take jobs again. This has no effect on a queue that is not paused.',
        tags: ['queues'],
        params: QueueParams,
        response: { 200: QueueSummary, ...problems(400, 500, 503) },
      },
    },
    (request) => app.queueOperator.setPaused(request.params.name, false),
  );
};
