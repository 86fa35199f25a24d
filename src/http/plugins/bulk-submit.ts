import fastifyPlugin from 'fastify-plugin';
import { AppError, invalidRequest, isOfRedis } from '../../errors.ts';
import type {
  BulkOptions,
  BulkPart,
  Candidate,
  SubmitOutcome,
  SubmitResult,
} from '../../jobs/submit/outcomes.ts';
import { MAX_BULK_JOBS } from '../../schemas/http.ts';
import type { Fault } from '../../schemas/problem.ts';
import { type BulkChunk, bulkCandidates, type RefuseJob, tooMany } from '../jobs/bulk-candidates.ts';

/** Faults listed when a whole batch is rejected. */
const MAX_FAULTS = 1_000;

type Submitted = SubmitResult<SubmitOutcome[]>;

const isRedisDown = (outcome: SubmitOutcome): boolean => !outcome.ok && isOfRedis(outcome.error.code);

/** Bulk submits: many jobs in one request. */
export const bulkSubmitPlugin = fastifyPlugin<{ maxLineBytes: number }>(
  async (app, { maxLineBytes }) => {
    /** Stores each chunk as it arrives. */
    async function submitEach(body: unknown, { refuse, trace }: BulkSubmit): Promise<Submitted> {
      const outcomes: SubmitOutcome[] = [];
      let fault: AppError | undefined;
      for await (const { candidates } of bulkCandidates(body, { maxLineBytes, refuse })) {
        const submitted =
          fault === undefined
            ? await app.submitter.submitEach(candidates, trace)
            : unstored(candidates, fault);
        for (const outcome of submitted) outcomes.push(outcome);
        const [first] = submitted;
        // Redis is down: the other chunks would only wait for the same error.
        if (submitted.every(isRedisDown) && first?.ok === false) fault = first.error;
      }
      const [first] = outcomes;
      if (first === undefined) throw noJobs();
      if (!first.ok && outcomes.every(isRedisDown)) throw first.error;
      return { value: outcomes, replayed: false };
    }

    /** Stores all jobs or none. One step needs all of them in memory, so the body may be no longer than any other. */
    async function submitAtomically(body: unknown, { key, refuse, trace }: BulkSubmit): Promise<Submitted> {
      const all: Candidate[] = [];
      const limits = { maxLineBytes, maxBytes: maxLineBytes, refuse };
      for await (const { candidates } of bulkCandidates(body, limits)) {
        for (const one of candidates) all.push(one);
        if (all.length > MAX_BULK_JOBS) throw tooMany();
      }
      if (all.length === 0) throw noJobs();
      if (!all.every(({ ok }) => ok)) throw invalidBatch(all);
      const submitted = await app.submitter.submitTogether(all, { atomic: true, key, trace });
      if (!submitted.value.every(({ ok }) => ok)) throw invalidBatch(submitted.value);
      return submitted;
    }

    /**
     * Stores the jobs at most once under the key: in one step if the body is no longer than any other, else each chunk in a
     * step of its own, so that a repeated request stores what is missing.
     */
    async function submitOnce(body: unknown, key: string, { refuse, trace }: BulkSubmit): Promise<Submitted> {
      const chunks = bulkCandidates(body, { maxLineBytes, refuse });
      const { first, isWhole } = await readFirst(chunks, maxLineBytes);
      if (first.length === 0) throw noJobs();
      if (isWhole) return app.submitter.submitTogether(first.flat(), { atomic: false, key, trace });
      const outcomes: SubmitOutcome[] = [];
      let replayed = true;
      for await (const { candidates, part } of parts(first, chunks)) {
        const submitted = await app.submitter.submitTogether(candidates, { atomic: false, key, part, trace });
        for (const outcome of submitted.value) outcomes.push(outcome);
        replayed &&= submitted.replayed;
      }
      return { value: outcomes, replayed };
    }

    app.decorate('submitBulk', (body, options) => {
      if (options.atomic) return submitAtomically(body, options);
      return options.key === undefined ? submitEach(body, options) : submitOnce(body, options.key, options);
    });
  },
  { name: 'bulk-submit', dependencies: ['core', 'jobs', 'input'] },
);

const unstored = (candidates: readonly Candidate[], error: AppError): SubmitOutcome[] =>
  candidates.map((one) => (one.ok ? { ok: false, error } : one));

/** Reads chunks until they have more than `maxBytes`, or to the end of the body. */
async function readFirst(
  chunks: AsyncGenerator<BulkChunk>,
  maxBytes: number,
): Promise<{ first: Candidate[][]; isWhole: boolean }> {
  const first: Candidate[][] = [];
  let bytes = 0;
  while (bytes <= maxBytes) {
    const next = await chunks.next();
    if (next.done) return { first, isWhole: true };
    first.push(next.value.candidates);
    bytes += next.value.bytes;
  }
  return { first, isWhole: false };
}

/** The chunks with their numbers; the last one is known as such. */
async function* parts(
  first: readonly Candidate[][],
  rest: AsyncGenerator<BulkChunk>,
): AsyncGenerator<{ candidates: Candidate[]; part: BulkPart }> {
  const waiting = [...first];
  for (let index = 0; waiting.length > 0; index += 1) {
    const [candidates = []] = waiting.splice(0, 1);
    if (waiting.length === 0) {
      const next = await rest.next();
      if (!next.done) waiting.push(next.value.candidates);
    }
    yield { candidates, part: { index, isLast: waiting.length === 0 } };
  }
}

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

interface BulkSubmit extends Omit<BulkOptions, 'part'> {
  /** Absent: the client may submit to every queue. */
  readonly refuse?: RefuseJob | undefined;
}

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Stores the jobs of a body and returns an outcome for each. With `atomic` it stores all or none in one step; with a
     * key each at most once, however often the same request is sent.
     *
     * @throws {AppError} invalid-request for no jobs; invalid-batch with all faults, payload-too-large: nothing was stored.
     *   queue-full, key-full, not-unique, idempotency-mismatch; redis-unavailable or not-replicated if no job could be stored, or with a key some not: the same
     *   request stores what is missing.
     */
    submitBulk(body: unknown, options: BulkSubmit): Promise<Submitted>;
  }
}
