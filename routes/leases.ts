import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { toProblem } from '../src/http/plugins/errors.ts';
import { requesterOf } from '../src/http/request/requester.ts';
import { completed, failed, released, reportsOf } from '../src/leases/settle/reports.ts';
import { JobParams, problems } from '../src/schemas/http.ts';
import {
  DEFAULT_LEASE_MS,
  Heartbeat,
  HeartbeatAnswer,
  LeaseParams,
  TakeJobs,
  Taken,
} from '../src/schemas/lease.ts';
import {
  CompleteJob,
  FailJob,
  ProgressJob,
  ReleaseJob,
  SettleAnswer,
  SettledJob,
  SettleJobs,
  SettleQuery,
} from '../src/schemas/settle.ts';
import { toTimestamp } from '../src/schemas/values/timestamp.ts';

const settled = { 200: SettledJob, ...problems(400, 404, 409, 413, 415, 422, 500, 503) };

export const leaseRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/leases',
    {
      schema: {
        operationId: 'takeJobs',
        summary: 'Take jobs to work on',
        description:
          'Answers as soon as there are jobs, or with none after waitMs. Each job is to be completed, failed or released under the lease, which heartbeats keep; it ends with its last job.',
        tags: ['work'],
        body: TakeJobs,
        response: { 200: Taken, ...problems(400, 413, 415, 500, 503) },
      },
    },
    async ({ body }, reply) => {
      const { queues, tasks, worker, max = 1, leaseMs = DEFAULT_LEASE_MS, waitMs = 0 } = body;
      const taken = await app.leases.take(
        { queues, tasks, worker, max, leaseMs },
        waitMs,
        requesterOf(reply),
      );
      // Its worker would ask again on the same connection, and again, as long as this process needs to stop.
      if (app.isDraining()) reply.header('connection', 'close');
      return { ...taken, expiresAt: toTimestamp(taken.expiresAt) };
    },
  );

  app.post(
    '/leases/:lease/heartbeat',
    {
      // No body is no wish.
      preValidation: async (request) => {
        request.body ??= {};
      },
      schema: {
        operationId: 'renewLease',
        summary: 'Keep a lease, and learn what to stop',
        description:
          'To be sent well within leaseMs, say three times in it, for as long as jobs are worked on.',
        tags: ['work'],
        params: LeaseParams,
        body: Heartbeat,
        response: { 200: HeartbeatAnswer, ...problems(400, 404, 409, 413, 415, 500, 503) },
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
        summary: 'Settle many jobs, and take the next ones',
        description:
          'An outcome for each job; one that is refused does not hold up the others. A repeated request is answered as the first time, with the same next jobs. Go on with the lease of the answer.',
        tags: ['work'],
        params: LeaseParams,
        querystring: SettleQuery,
        body: SettleJobs,
        response: { 207: SettleAnswer, ...problems(400, 404, 413, 415, 500, 503) },
      },
    },
    async (request, reply) => {
      const { next = 0 } = request.query;
      const reports = reportsOf(request.body);
      const { outcomes, taken } = await app.leases.settle(
        request.params.lease,
        reports,
        next,
        request.body.tasks,
      );
      const items = outcomes.map((outcome) => {
        if (outcome.ok) return { id: outcome.id, status: 200, jobStatus: outcome.status };
        const problem = toProblem(outcome.error, request);
        return { id: outcome.id, status: problem.status, problem };
      });
      const lease = { ...taken, expiresAt: toTimestamp(taken.expiresAt) };
      return reply.code(207).send({ items, ...(next > 0 ? lease : {}) });
    },
  );

  app.post(
    '/jobs/:id/complete',
    {
      schema: {
        operationId: 'completeJob',
        summary: 'Say that a job is done',
        tags: ['work'],
        params: JobParams,
        body: CompleteJob,
        response: settled,
      },
    },
    ({ params, body }) => app.leases.settleOne(body.lease, completed({ ...body, id: params.id })),
  );

  app.post(
    '/jobs/:id/fail',
    {
      schema: {
        operationId: 'failJob',
        summary: 'Say that an attempt has failed',
        description: 'The job is tried again after its back-off, until its attempts are spent.',
        tags: ['work'],
        params: JobParams,
        body: FailJob,
        response: settled,
      },
    },
    ({ params, body }) => app.leases.settleOne(body.lease, failed({ ...body, id: params.id })),
  );

  app.post(
    '/jobs/:id/release',
    {
      schema: {
        operationId: 'releaseJob',
        summary: 'Hand a job back',
        description: 'Another worker may take it; no attempt is spent.',
        tags: ['work'],
        params: JobParams,
        body: ReleaseJob,
        response: settled,
      },
    },
    ({ params, body }) => app.leases.settleOne(body.lease, released({ ...body, id: params.id })),
  );

  app.post(
    '/jobs/:id/progress',
    {
      schema: {
        operationId: 'reportProgress',
        summary: 'Show how far a job has come',
        tags: ['work'],
        params: JobParams,
        body: ProgressJob,
        response: settled,
      },
    },
    ({ params, body }) => app.leases.progress(params.id, body.lease, body.progress),
  );
};
