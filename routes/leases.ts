import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { problemItem } from '../src/http/plugins/errors.ts';
import { optionalBody } from '../src/http/request/optional-body.ts';
import { requesterOf } from '../src/http/request/requester.ts';
import { completed, failed, released, reportsOf } from '../src/leases/settle/reports.ts';
import type { SettledOutcome } from '../src/leases/settle/settle.ts';
import { JobParams, problems } from '../src/schemas/http.ts';
import {
  DEFAULT_LEASE_MS,
  Heartbeat,
  HeartbeatResponse,
  LeaseParams,
  TakeJobs,
  TakeResponse,
} from '../src/schemas/lease.ts';
import {
  CompleteJob,
  FailJob,
  ProgressJob,
  ReleaseJob,
  SettledJob,
  SettleJobs,
  SettleQuery,
  SettleResponse,
} from '../src/schemas/settle.ts';
import { toTimestamp } from '../src/schemas/values/timestamp.ts';

const showTaken = <T extends { expiresAt: number }>(taken: T) => ({
  ...taken,
  expiresAt: toTimestamp(taken.expiresAt),
});

const settleItem = (outcome: SettledOutcome, request: FastifyRequest) =>
  outcome.ok
    ? { id: outcome.id, status: 200, jobStatus: outcome.status }
    : { id: outcome.id, ...problemItem(outcome.error, request) };

const settledResponses = { 200: SettledJob, ...problems(400, 404, 409, 413, 415, 422, 500, 503) };

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
    async ({ body }, reply) => {
      const { queues, tasks, worker, max = 1, leaseMs = DEFAULT_LEASE_MS, waitMs = 0 } = body;
      const poll = { queues, tasks, worker, max, leaseMs };
      const taken = await app.leases.take(poll, waitMs, requesterOf(reply));
      // Otherwise the worker would poll on this connection until the process has stopped.
      if (app.isDraining()) reply.header('connection', 'close');
      return showTaken(taken);
    },
  );

  app.post(
    '/leases/:lease/heartbeat',
    {
      preValidation: optionalBody,
      schema: {
        operationId: 'renewLease',
        summary: 'Renew a lease and learn which jobs to stop',
        description: 'Send it about three times per `leaseMs` while you hold jobs.',
        tags: ['work'],
        params: LeaseParams,
        body: Heartbeat,
        response: { 200: HeartbeatResponse, ...problems(400, 404, 409, 413, 415, 500, 503) },
      },
    },
    async ({ params, body }) => {
      const { expiresAt, cancel, isPaused } = await app.leases.heartbeat(params.lease, body.leaseMs);
      const directive = isPaused || app.isDraining() ? ('drain' as const) : ('continue' as const);
      return { expiresAt: toTimestamp(expiresAt), cancel, directive };
    },
  );

  app.post(
    '/leases/:lease/settle',
    {
      schema: {
        operationId: 'settleJobs',
        summary: 'Settle many jobs and take the next ones',
        description:
          'Returns an outcome for each job. A rejected job does not hold up the others. A repeated request gets the same response, with the same next jobs. Continue with the lease of the response.',
        tags: ['work'],
        params: LeaseParams,
        querystring: SettleQuery,
        body: SettleJobs,
        response: { 207: SettleResponse, ...problems(400, 404, 413, 415, 500, 503) },
      },
    },
    async (request, reply) => {
      const { params, query, body } = request;
      const { next = 0 } = query;
      const settled = await app.leases.settle(params.lease, reportsOf(body), next, body.tasks);
      const items = settled.outcomes.map((outcome) => settleItem(outcome, request));
      return reply.code(207).send({ items, ...(next > 0 ? showTaken(settled.taken) : {}) });
    },
  );

  app.post(
    '/jobs/:id/complete',
    {
      schema: {
        operationId: 'completeJob',
        summary: 'Complete a job',
        description: 'The job ends with this result.',
        tags: ['work'],
        params: JobParams,
        body: CompleteJob,
        response: settledResponses,
      },
    },
    ({ params, body }) => app.leases.settleOne(body.lease, completed({ ...body, id: params.id })),
  );

  app.post(
    '/jobs/:id/fail',
    {
      schema: {
        operationId: 'failJob',
        summary: 'Fail an attempt of a job',
        description: 'The job runs again after its backoff until its attempts are spent. It then fails.',
        tags: ['work'],
        params: JobParams,
        body: FailJob,
        response: settledResponses,
      },
    },
    ({ params, body }) => app.leases.settleOne(body.lease, failed({ ...body, id: params.id })),
  );

  app.post(
    '/jobs/:id/release',
    {
      schema: {
        operationId: 'releaseJob',
        summary: 'Release a job',
        description: 'Gives the job back: another worker can take it. No attempt is spent.',
        tags: ['work'],
        params: JobParams,
        body: ReleaseJob,
        response: settledResponses,
      },
    },
    ({ params, body }) => app.leases.settleOne(body.lease, released({ ...body, id: params.id })),
  );

  app.post(
    '/jobs/:id/progress',
    {
      schema: {
        operationId: 'reportProgress',
        summary: 'Report the progress of a job',
        description: 'The report is visible in the job and in its events. It does not renew the lease.',
        tags: ['work'],
        params: JobParams,
        body: ProgressJob,
        response: settledResponses,
      },
    },
    ({ params, body }) => app.leases.progress(params.id, body.lease, body.progress),
  );
};
