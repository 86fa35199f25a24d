import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { submitRefusal } from '../src/http/access/submit-refusal.ts';
import { BATCH_READING } from '../src/http/jobs/bulk-candidates.ts';
import { sendBulk } from '../src/http/jobs/bulk-reply.ts';
import { submitBulk } from '../src/http/jobs/submit-bulk.ts';
import { idempotencyKey, markReplayed } from '../src/http/request/idempotency-key.ts';
import { endWithAccess } from '../src/http/request/requester.ts';
import {
  BulkSubmitQuery,
  IdempotencyHeaders,
  MAX_BULK_JOBS,
  problems,
  ReplayedHeader,
} from '../src/schemas/http.ts';
import { BulkSubmitResponse } from '../src/schemas/jobs/submit-answers.ts';
import { TraceHeaders } from '../src/schemas/values/trace.ts';

/** Each job is checked alone, so that a bad one does not reject the others. */
const BatchBody = Type.Object(
  {
    jobs: Type.Array(Type.Unknown(), {
      minItems: 1,
      maxItems: MAX_BULK_JOBS,
      description: 'The jobs, each as for `POST /jobs`.',
    }),
  },
  {
    additionalProperties: false,
    description: 'The jobs to submit.',
    examples: [{ jobs: [{ task: 'echo', payload: 1 }, { task: 'echo' }] }],
  },
);

const Lines = Type.Unknown({
  description: `One job on each line, as for \`POST /jobs\`. At most ${MAX_BULK_JOBS} jobs; each line beyond them is answered 413. The service stores jobs while the body arrives.`,
  examples: ['{"task":"echo","payload":1}\n{"task":"echo","payload":2}\n'],
});

const BulkHeaders = Type.Object({ ...IdempotencyHeaders.properties, ...TraceHeaders });

export const bulkSubmitRoutes: FastifyPluginAsyncTypebox = async (app) => {
  // The body stays a stream, to be read line by line.
  app.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload));

  app.post(
    '/jobs/batch',
    {
      config: { json: BATCH_READING },
      schema: {
        operationId: 'submitBatch',
        summary: 'Submit many jobs',
        description:
          'Stores each valid job and returns an outcome for every job. With `atomic=true` it stores all jobs or none; a unique job that says `reject` and finds its place taken is a 409 for the batch. An `Idempotency-Key` covers the whole batch: the same request, sent again after a break, stores what is missing and answers as if it were the first.',
        tags: ['jobs'],
        querystring: BulkSubmitQuery,
        headers: BulkHeaders,
        body: {
          content: {
            'application/json': { schema: BatchBody },
            'application/x-ndjson': { schema: Lines },
          },
        },
        response: {
          207: { ...BulkSubmitResponse, headers: ReplayedHeader },
          ...problems(400, 409, 413, 415, 422, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      // JSON is in memory by now; lines may come for minutes.
      if (!request.raw.complete) endWithAccess(reply);
      const options = {
        atomic: request.query.atomic === true,
        key: idempotencyKey(request),
        refuse: submitRefusal(request.caller),
      };
      const { value, replayed } = await submitBulk(app, request, options);
      return sendBulk(markReplayed(reply, replayed), value, request);
    },
  );
};
