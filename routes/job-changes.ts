import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { rerunJob } from '../src/http/jobs/rerun-job.ts';
import { optionalBody } from '../src/http/request/optional-body.ts';
import {
  JobParams,
  JobResponseHeaders,
  problems,
  ReplayedHeader,
  SubmitHeaders,
  WaitQuery,
} from '../src/schemas/http.ts';
import { SUBMIT_TEXTS } from '../src/schemas/job.ts';
import { RerunJob } from '../src/schemas/jobs/rerun.ts';

const job = (description: string) => ({ ...Type.Ref('Job'), description, headers: JobResponseHeaders });

/** Changes of jobs that wait, and jobs like ended ones. */
export const jobChangeRoutes: FastifyPluginAsyncTypebox = async (app) => {
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
