import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { toProblem } from '../src/http/plugins/errors.ts';
import { idempotencyKey, replayed } from '../src/http/request/idempotency-key.ts';
import {
  BatchAnswer,
  BatchQuery,
  MAX_BATCH,
  OnceHeaders,
  problems,
  ReplayedHeader,
} from '../src/schemas/http.ts';

/** The jobs are checked one by one, so that a bad one does not refuse the others. */
const BatchBody = Type.Object(
  {
    jobs: Type.Array(Type.Unknown(), {
      minItems: 1,
      maxItems: MAX_BATCH,
      description: 'Jobs as for POST /jobs.',
    }),
  },
  { additionalProperties: false, examples: [{ jobs: [{ task: 'echo', payload: 1 }, { task: 'echo' }] }] },
);

const Lines = Type.Unknown({
  description: `One job as for POST /jobs on each line, at most ${MAX_BATCH}; read as it arrives.`,
  examples: ['{"task":"echo","payload":1}\n{"task":"echo","payload":2}\n'],
});

export const bulkSubmitRoutes: FastifyPluginAsyncTypebox = async (app) => {
  // The body stays a stream: it is read line by line.
  app.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload));

  app.post(
    '/jobs/batch',
    {
      schema: {
        operationId: 'submitBatch',
        summary: 'Submit many jobs',
        description:
          'Takes in what it can and answers for each job; with atomic=true all or none. An Idempotency-Key is for the whole batch.',
        tags: ['jobs'],
        querystring: BatchQuery,
        headers: OnceHeaders,
        body: {
          content: {
            'application/json': { schema: BatchBody },
            'application/x-ndjson': { schema: Lines },
          },
        },
        response: {
          207: { ...BatchAnswer, headers: ReplayedHeader },
          ...problems(400, 413, 415, 422, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const atomic = request.query.atomic === true;
      const key = idempotencyKey(request.headers);
      const { value, replayed: wasKnown } =
        atomic || key !== undefined
          ? await app.submitBatchTogether(request.body, { atomic, key })
          : { value: await app.submitBatch(request.body), replayed: false };
      const items = value.map((outcome, index) => {
        if (outcome.ok) return { index, status: 202, id: outcome.id };
        const problem = toProblem(outcome.error, request);
        return { index, status: problem.status, problem };
      });
      return replayed(reply, wasKnown).code(207).send({ items });
    },
  );
};
