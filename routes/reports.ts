import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { leaseHolderOf } from '../src/http/access/caller-view.ts';
import { inRealIds } from '../src/http/access/hidden-jobs.ts';
import { visibleItems } from '../src/http/access/visible-items.ts';
import { sendItems } from '../src/http/items-reply.ts';
import { problemItem } from '../src/http/plugins/errors.ts';
import { leaseOf, type ReportRequest, refuseOversize } from '../src/http/reports/lease-of.ts';
import { readReports, reportLimit } from '../src/http/reports/read-body.ts';
import { showLease } from '../src/http/reports/show-lease.ts';
import { reportValidator } from '../src/http/reports/validator.ts';
import { optionalBody } from '../src/http/request/optional-body.ts';
import { completed, failed, type ReadReport, released } from '../src/leases/settle/reports.ts';
import type { SettledOutcome } from '../src/leases/settle/settle.ts';
import { settleItems, tasksOf } from '../src/leases/settle/settle-items.ts';
import { JobParams, problems } from '../src/schemas/http.ts';
import { printJson } from '../src/schemas/json/json-text.ts';
import { Heartbeat, HeartbeatResponse, LeaseParams } from '../src/schemas/lease.ts';
import {
  CheckpointJob,
  CompleteJob,
  FailJob,
  LogJob,
  ProgressJob,
  ReleaseJob,
  ReportQuery,
  SettledJob,
  SettleJobs,
  SettleQuery,
  SettleResponse,
} from '../src/schemas/settle.ts';
import { toTimestamp } from '../src/schemas/values/timestamp.ts';

const printOutcome = (outcome: SettledOutcome, request: FastifyRequest): string => {
  const id = inRealIds(request, outcome.id);
  return printJson(
    outcome.ok
      ? { id, status: 200, jobStatus: outcome.status, retryInMs: outcome.retryInMs }
      : { id, ...problemItem(outcome.error, request) },
  );
};

const settledResponses = { 200: SettledJob, ...problems(400, 404, 409, 413, 415, 422, 500, 503) };

/** What a worker reports is not refused for its size or form: nobody else knows how its job ended. */
const report = { validatorCompiler: reportValidator, preValidation: optionalBody };

/** What workers report about their leases and jobs. */
export const reportRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { maxResultBytes } = app;
  readReports(app, reportLimit(maxResultBytes));
  const settleOne = (request: ReportRequest & { params: { id: string } }, read: ReadReport) =>
    app.leases.settleOne(leaseOf(request), read(request.params.id, request.body, maxResultBytes));

  app.post(
    '/leases/:lease/heartbeat',
    {
      ...report,
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
    async ({ params, body, caller }) => {
      const claim = { text: params.lease, holder: leaseHolderOf(caller) };
      const { expiresAt, cancel, mustDrain } = await app.leases.heartbeat(claim, body.leaseMs);
      const directive = mustDrain || app.isDraining() ? ('drain' as const) : ('continue' as const);
      return { expiresAt: toTimestamp(expiresAt), cancel, directive };
    },
  );

  app.post(
    '/leases/:lease/settle',
    {
      ...report,
      schema: {
        operationId: 'settleJobs',
        summary: 'Settle many jobs and take the next ones',
        description:
          'Returns an outcome for each item. A rejected item does not hold up the others. A repeated request gets the same response, with the same next jobs. Continue with the lease of the response.',
        tags: ['work'],
        params: LeaseParams,
        querystring: SettleQuery,
        body: SettleJobs,
        response: { 207: SettleResponse, ...problems(400, 404, 413, 415, 500, 503) },
      },
    },
    async (request, reply) => {
      const { params, query, body, caller } = request;
      const { next = 0 } = query;
      refuseOversize(body);
      const items = visibleItems(request, await settleItems(body, maxResultBytes));
      const claim = { text: params.lease, holder: leaseHolderOf(caller) };
      const settled = await app.leases.settle(claim, items, next, tasksOf(body.tasks));
      const taken = next > 0 ? showLease(settled.taken) : {};
      return sendItems(reply, settled.outcomes, (outcome) => printOutcome(outcome, request), taken);
    },
  );

  app.post(
    '/jobs/:id/complete',
    {
      ...report,
      schema: {
        operationId: 'completeJob',
        summary: 'Complete a job',
        description:
          'The job ends with this result. A result that is too large to be stored ends it as failed, with `result-too-large`.',
        tags: ['work'],
        params: JobParams,
        querystring: ReportQuery,
        body: CompleteJob,
        response: settledResponses,
      },
    },
    (request) => settleOne(request, completed),
  );

  app.post(
    '/jobs/:id/fail',
    {
      ...report,
      schema: {
        operationId: 'failJob',
        summary: 'Fail an attempt of a job',
        description: 'The job runs again after its backoff until its attempts are spent. It then fails.',
        tags: ['work'],
        params: JobParams,
        querystring: ReportQuery,
        body: FailJob,
        response: settledResponses,
      },
    },
    (request) => settleOne(request, failed),
  );

  app.post(
    '/jobs/:id/release',
    {
      ...report,
      schema: {
        operationId: 'releaseJob',
        summary: 'Release a job',
        description: 'Gives the job back: another worker can take it. No attempt is spent.',
        tags: ['work'],
        params: JobParams,
        querystring: ReportQuery,
        body: ReleaseJob,
        response: settledResponses,
      },
    },
    (request) => settleOne(request, released),
  );

  app.post(
    '/jobs/:id/progress',
    {
      ...report,
      schema: {
        operationId: 'reportProgress',
        summary: 'Report the progress of a job',
        description: 'The report is visible in the job and in its events. It does not renew the lease.',
        tags: ['work'],
        params: JobParams,
        querystring: ReportQuery,
        body: ProgressJob,
        response: settledResponses,
      },
    },
    (request) => app.leases.progress(request.params.id, leaseOf(request), request.body.progress),
  );

  app.post(
    '/jobs/:id/checkpoint',
    {
      ...report,
      schema: {
        operationId: 'saveCheckpoint',
        summary: 'Save a checkpoint of a job',
        description:
          'The next attempt of the job gets it as `checkpoint`, however this one ends. The last one counts; it goes when the job ends, but stays with a dead letter. It does not renew the lease.',
        tags: ['work'],
        params: JobParams,
        querystring: ReportQuery,
        body: CheckpointJob,
        response: settledResponses,
      },
    },
    (request) => app.leases.checkpoint(request.params.id, leaseOf(request), request.body),
  );

  app.post(
    '/jobs/:id/log',
    {
      ...report,
      schema: {
        operationId: 'appendLog',
        summary: 'Add lines to the log of a job',
        description:
          'The job keeps the last 1,000 lines within 64 KiB, as long as its result. Send lines together rather than one by one. It does not renew the lease.',
        tags: ['work'],
        params: JobParams,
        querystring: ReportQuery,
        body: LogJob,
        response: settledResponses,
      },
    },
    (request) => app.leases.log(request.params.id, leaseOf(request), request.body.log),
  );
};
