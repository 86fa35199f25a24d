import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { demandUnnamed } from '../src/access/refusals.ts';
import { visibleTo } from '../src/http/access/caller-view.ts';
import { problems } from '../src/schemas/http.ts';
import { Worker, WorkerList, WorkerListQuery, WorkerParams } from '../src/schemas/workers/worker.ts';

const DEFAULT_LIMIT = 100;

export const workerRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/workers',
    {
      schema: {
        operationId: 'listWorkers',
        summary: 'List the workers',
        description:
          'TypeScript workers and HTTP workers that have reported lately. A TypeScript worker reports every 30 s and is forgotten after 60 s; an HTTP worker after 60 s without a request, or after its `leaseMs` if that is longer.',
        tags: ['work'],
        querystring: WorkerListQuery,
        response: { 200: WorkerList, ...problems(400, 500, 503) },
      },
    },
    ({ query, caller }) => app.workerList.list({ limit: DEFAULT_LIMIT, ...query }, visibleTo(caller)),
  );

  app.get(
    '/workers/:name',
    {
      schema: {
        operationId: 'getWorker',
        summary: 'Read a worker',
        description: 'Finds the worker by its name, or by one of its leases.',
        tags: ['work'],
        params: WorkerParams,
        response: { 200: Worker, ...problems(400, 404, 500, 503) },
      },
    },
    ({ params, caller }) => app.workerList.get(params.name, visibleTo(caller)),
  );

  app.post(
    '/workers/:name/drain',
    {
      schema: {
        operationId: 'drainWorker',
        summary: 'Drain a worker',
        description:
          'A TypeScript worker takes no more jobs, finishes those that it runs, however long they take, and exits with 0. An HTTP worker gets `directive: "drain"` and no more jobs: until 60 s after its last lease has ended, so that a later start of the same name works again.',
        tags: ['work'],
        params: WorkerParams,
        response: { 202: Worker, ...problems(400, 404, 500, 503) },
      },
    },
    async ({ params, caller }, reply) => {
      // A drain stops the work on all queues of the worker.
      const permit = (queues: readonly string[]) => demandUnnamed(caller, 'manage', queues);
      return reply
        .code(202)
        .send(await app.workerList.drain(params.name, visibleTo(caller, 'manage'), permit));
    },
  );
};
