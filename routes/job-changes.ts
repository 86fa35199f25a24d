import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { sendJob } from '../src/http/jobs/job-reply.ts';
import { isExpectedRevision } from '../src/http/jobs/read-job.ts';
import { rerunJob } from '../src/http/jobs/rerun-job.ts';
import { optionalBody } from '../src/http/request/optional-body.ts';
import { revisionOf } from '../src/jobs/revision.ts';
import {
  JobParams,
  JobResponseHeaders,
  problems,
  ReplayedHeader,
  SubmitHeaders,
  WaitQuery,
} from '../src/schemas/http.ts';
import { type Job as JobView, SUBMIT_TEXTS } from '../src/schemas/job.ts';
import { ChangeHeaders, ChangeJob } from '../src/schemas/jobs/change.ts';
import { RerunJob } from '../src/schemas/jobs/rerun.ts';

const job = (description: string) => ({ ...Type.Ref('Job'), description, headers: JobResponseHeaders });

/** Changes of jobs that wait, and jobs like ended ones. */
export const jobChangeRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.patch(
    '/jobs/:id',
    {
      config: { json: { texts: SUBMIT_TEXTS } },
      schema: {
        operationId: 'changeJob',
        summary: 'Change a job that waits',
        description:
          'Changes a job that has not started, and keeps its id. A job that waits for another attempt has started. A changed job that is queued goes before the jobs of its priority that were never changed or delayed. A job that no worker could run is offered to all workers again.',
        tags: ['jobs'],
        params: JobParams,
        headers: ChangeHeaders,
        body: ChangeJob,
        response: {
          200: job('The changed job.'),
          ...problems(400, 404, 409, 410, 412, 413, 415, 422, 500, 503),
        },
      },
    },
    async ({ params, headers, body }, reply) => {
      const isExpected = (present: JobView) => isExpectedRevision(headers['if-match'], revisionOf(present));
      return sendJob(reply, 200, await app.jobChanger.change(params.id, body, isExpected));
    },
  );

  app.post(
    '/jobs/:id/rerun',
    {
      config: { json: { texts: SUBMIT_TEXTS } },
      preValidation: optionalBody,
      schema: {
        operationId: 'rerunJob',
        summary: 'Run an ended job again as a new job',
        description:
          'Submits a new job like one that has ended, with the changes in the body, and answers as `POST /jobs` does. The new job names the ended one in `rerunOf`. A job that was submitted without `keepPayload` has no payload after its end, unless it failed: send one. To run a failed job again under its own id, retry it.',
        tags: ['jobs'],
        params: JobParams,
        querystring: WaitQuery,
        headers: SubmitHeaders,
        body: RerunJob,
        response: {
          200: job('The new job ended within the wait.'),
          202: {
            ...job('The new job is stored. Read it at `Location`.'),
            headers: {
              ...JobResponseHeaders,
              ...ReplayedHeader,
              location: Type.String({
                description: 'The path of the new job, or its address below PUBLIC_URL.',
              }),
            },
          },
          ...problems(400, 404, 409, 410, 413, 415, 422, 429, 500, 503),
        },
      },
    },
    (request, reply) => rerunJob(app, request, reply),
  );
};
