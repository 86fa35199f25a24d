import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { findJobs } from '../src/http/jobs/find-jobs.ts';
import { sendJob } from '../src/http/jobs/job-reply.ts';
import { readJob } from '../src/http/jobs/read-job.ts';
import { submitJob } from '../src/http/jobs/submit-job.ts';
import { applyPreference, prefersRepresentation } from '../src/http/request/prefer.ts';
import {
  JobHeaders,
  JobPage,
  JobParams,
  JobQuery,
  JobResponseHeaders,
  problems,
  RemoveHeaders,
  ReplayedHeader,
  SubmitHeaders,
  WaitQuery,
} from '../src/schemas/http.ts';
import { SUBMIT_TEXTS, SubmitJob } from '../src/schemas/job.ts';
import { FindJobsQuery } from '../src/schemas/jobs/list.ts';
import { JobLog, LogQuery } from '../src/schemas/jobs/log.ts';
import { UniqueHeaders } from '../src/schemas/jobs/submit-answers.ts';

const job = (description: string) => ({ ...Type.Ref('Job'), description, headers: JobResponseHeaders });

export const jobRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/jobs',
    {
      config: { json: { texts: SUBMIT_TEXTS } },
      schema: {
        operationId: 'submitJob',
        summary: 'Submit a job',
        description:
          'Returns 202 once the job is stored. With `?wait=N` or `Prefer: wait=N` it returns 200 with the job if the job ends within N seconds. With an `Idempotency-Key` a repeated request stores nothing new.',
        tags: ['jobs'],
        querystring: WaitQuery,
        headers: SubmitHeaders,
        body: SubmitJob,
        response: {
          200: {
            ...job(
              'The job ended within the wait. Or another job has the place of a `unique` one: this is that job.',
            ),
            headers: { ...JobResponseHeaders, ...ReplayedHeader, ...UniqueHeaders },
          },
          202: {
            ...job('The job is stored. Read it at `Location`.'),
            headers: {
              ...JobResponseHeaders,
              ...ReplayedHeader,
              location: Type.String({ description: 'The path of the job, or its address below PUBLIC_URL.' }),
            },
          },
          ...problems(400, 409, 410, 413, 415, 422, 429, 500, 503),
        },
      },
    },
    (request, reply) => submitJob(app, request, reply),
  );

  app.get(
    '/jobs',
    {
      schema: {
        operationId: 'findJobs',
        summary: 'Find jobs',
        description:
          'With `tag`: the jobs that have all the tags, the newest first, in any status, as long as they are kept. Without it: queue by queue as GET /queues/{name}/jobs lists them. With `idempotencyKey`: the jobs that you have stored by a submit with this key; empty when the key is unknown or its time is over (IDEMPOTENCY_TTL_MS). An Idempotency-Key belongs to the API key, or the subject of the token, that has sent it. Jobs whose result has expired are left out.',
        tags: ['jobs'],
        querystring: FindJobsQuery,
        response: { 200: JobPage, ...problems(400, 500, 503) },
      },
    },
    ({ query, caller }) => findJobs(app, query, caller),
  );

  app.get(
    '/jobs/:id',
    {
      schema: {
        operationId: 'getJob',
        summary: 'Read a job',
        description:
          'With `wait` it returns as soon as the job has ended. With `wait` and `If-None-Match` it returns as soon as the job has changed.',
        tags: ['jobs'],
        params: JobParams,
        querystring: JobQuery,
        headers: JobHeaders,
        response: {
          200: job('The current job.'),
          304: Type.Null({ description: 'The job has not changed.' }),
          ...problems(400, 404, 410, 500, 503),
        },
      },
    },
    (request, reply) => readJob(app, request, reply),
  );

  app.get(
    '/jobs/:id/logs',
    {
      schema: {
        operationId: 'getJobLog',
        summary: 'Read the log of a job',
        description:
          'The last 1,000 lines within 64 KiB, of all attempts. They are kept as long as the job. Its event stream has new lines live.',
        tags: ['jobs'],
        params: JobParams,
        querystring: LogQuery,
        response: { 200: JobLog, ...problems(400, 404, 410, 500, 503) },
      },
    },
    ({ params, query }) => app.jobInspector.log(params.id, query.after ?? 0),
  );

  app.post(
    '/jobs/:id/cancel',
    {
      schema: {
        operationId: 'cancelJob',
        summary: 'Cancel a job',
        description:
          'A waiting job is cancelled at once. For a running job the service asks its worker to stop it.',
        tags: ['jobs'],
        params: JobParams,
        response: {
          200: job('The job is cancelled.'),
          202: job('The job runs. Its worker has been asked to stop it.'),
          ...problems(400, 404, 409, 410, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const outcome = await app.jobOperator.cancel(request.params.id);
      return sendJob(reply, outcome.done ? 200 : 202, outcome.job);
    },
  );

  app.post(
    '/jobs/:id/retry',
    {
      schema: {
        operationId: 'retryJob',
        summary: 'Retry a failed job',
        description: 'The job runs again under the same id with all its attempts. Its errors are kept.',
        tags: ['jobs'],
        params: JobParams,
        response: { 202: job('The job waits to run.'), ...problems(400, 404, 409, 410, 500, 503) },
      },
    },
    async (request, reply) => sendJob(reply, 202, await app.jobOperator.retry(request.params.id)),
  );

  app.delete(
    '/jobs/:id',
    {
      schema: {
        operationId: 'removeJob',
        summary: 'Remove a finished job',
        description:
          'With `Prefer: return=representation` the service returns the job and removes it in one step.',
        tags: ['jobs'],
        params: JobParams,
        headers: RemoveHeaders,
        response: {
          200: job('The removed job.'),
          204: Type.Null({ description: 'The job is removed.' }),
          ...problems(400, 404, 409, 410, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const removed = await app.jobOperator.remove(request.params.id);
      if (!prefersRepresentation(request.headers)) return reply.code(204).send(null);
      return applyPreference(reply, 'return=representation').code(200).send(removed);
    },
  );
};
