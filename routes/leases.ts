import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { demand } from '../src/access/refusals.ts';
import { leaseHolderOf } from '../src/http/access/caller-view.ts';
import { showLease } from '../src/http/reports/show-lease.ts';
import { requesterOf } from '../src/http/request/requester.ts';
import { problems } from '../src/schemas/http.ts';
import { DEFAULT_LEASE_MS, TakeJobs, TakeResponse } from '../src/schemas/lease.ts';

export const leaseRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/leases',
    {
      schema: {
        operationId: 'takeJobs',
        summary: 'Take jobs to run',
        description:
          'Returns as soon as there are jobs, or without jobs after `waitMs`. Complete, fail or release each job under the lease. Send heartbeats while you work. The lease ends with its last job.',
        tags: ['work'],
        body: TakeJobs,
        response: { 200: TakeResponse, ...problems(400, 413, 415, 500, 503) },
      },
    },
    async (request, reply) => {
      const { body, caller } = request;
      demand(caller, 'work', ...body.queues);
      const { queues, tasks, worker, max = 1, leaseMs = DEFAULT_LEASE_MS, waitMs = 0 } = body;
      if (waitMs > 0) app.enterWait(request, reply);
      const poll = { queues, tasks, worker, max, leaseMs, holder: leaseHolderOf(caller) };
      const taken = await app.leases.take(poll, waitMs, requesterOf(reply));
      // Otherwise the worker would poll on this connection until the process has stopped.
      if (app.isDraining()) reply.header('connection', 'close');
      return showLease(taken);
    },
  );
};
