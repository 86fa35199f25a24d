import fastifyPlugin from 'fastify-plugin';
import { AppError, invalidRequest } from '../../errors.ts';
import type { Candidate, SubmitOutcome, SubmitResult } from '../../jobs/submit/outcomes.ts';
import type { Fault } from '../../schemas/problem.ts';
import { bulkCandidates } from '../jobs/bulk-candidates.ts';

/** Faults listed when a whole batch is rejected. */
const MAX_FAULTS = 1_000;

const isRedisDown = (outcome: SubmitOutcome): boolean =>
  !outcome.ok && outcome.error.code === 'redis-unavailable';

/** Bulk submits: many jobs in one request. */
export const bulkSubmitPlugin = fastifyPlugin<{ maxLineBytes: number }>(
  async (app, { maxLineBytes }) => {
    async function submitEach(body: unknown): Promise<SubmitOutcome[]> {
      const outcomes: SubmitOutcome[] = [];
      for await (const chunk of bulkCandidates(body, { maxLineBytes })) {
        const submitted = await app.submitter.submitEach(chunk);
        outcomes.push(...submitted);
        // Redis is down: the other chunks would only wait for the same error.
        if (submitted.every(isRedisDown)) break;
      }
      const [first] = outcomes;
      if (first === undefined) throw noJobs();
      if (!first.ok && outcomes.every(isRedisDown)) throw first.error;
      return outcomes;
    }

    async function submitTogether(body: unknown, options: BulkSubmitOptions) {
      const all: Candidate[] = [];
      // One step needs all jobs in memory, so the body may be no longer than any other.
      const limits = { maxLineBytes, maxBytes: maxLineBytes };
      for await (const chunk of bulkCandidates(body, limits)) all.push(...chunk);
      if (all.length === 0) throw noJobs();
      if (options.atomic && !all.every(({ ok }) => ok)) throw invalidBatch(all);
      const submitted = await app.submitter.submitTogether(all, options);
      if (options.atomic && !submitted.value.every(({ ok }) => ok)) throw invalidBatch(submitted.value);
      return submitted;
    }

    app.decorate('submitBulk', async (body, options) => {
      if (options.atomic || options.key !== undefined) return submitTogether(body, options);
      return { value: await submitEach(body), replayed: false };
    });
  },
  { name: 'bulk-submit', dependencies: ['core', 'jobs', 'input'] },
);

const noJobs = () => invalidRequest([{ pointer: '/jobs', detail: 'must have at least one job' }]);

/** Lists the faults of all jobs, each with a pointer into the batch. */
function invalidBatch(outcomes: readonly (Candidate | SubmitOutcome)[]): AppError {
  const errors = outcomes.flatMap((outcome, i): Fault[] => {
    if (outcome.ok) return [];
    const faults = outcome.error.errors ?? [{ pointer: '', detail: outcome.error.message }];
    return faults.map(({ pointer, detail }) => ({ pointer: `/jobs/${i}${pointer}`, detail }));
  });
  const detail = 'No job was stored. Fix the jobs listed in `errors` and send the batch again.';
  return new AppError('invalid-batch', detail, { errors: errors.slice(0, MAX_FAULTS) });
}

interface BulkSubmitOptions {
  atomic: boolean;
  key: string | undefined;
}

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Stores the jobs of a body and returns an outcome for each. With `atomic` or a key it stores them in one step:
     * all or none, or at most once.
     *
     * @throws {AppError} invalid-request for no jobs; invalid-batch with all faults; queue-full; idempotency-mismatch;
     *   redis-unavailable if no job could be stored.
     */
    submitBulk(body: unknown, options: BulkSubmitOptions): Promise<SubmitResult<SubmitOutcome[]>>;
  }
}
