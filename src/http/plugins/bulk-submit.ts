import type { Readable } from 'node:stream';
import fastifyPlugin from 'fastify-plugin';
import { AppError } from '../../errors.ts';
import type { Candidate, SubmitOutcome, SubmitResult } from '../../jobs/submit/outcomes.ts';
import { MAX_BATCH } from '../../schemas/http.ts';
import { SubmitJob } from '../../schemas/job.ts';
import type { Fault } from '../../schemas/problem.ts';
import { compileSchema } from '../../schemas/validation/compile.ts';
import { readJson } from '../request/read-json.ts';
import { type LineLimits, readLines } from '../request/read-lines.ts';

/** Jobs that are checked and submitted at a time, so that a stream of any length takes constant memory. */
const CHUNK = 500;
/** A chunk ends early when its lines are this long. */
const CHUNK_BYTES = 1_048_576;
/** Faults told of one job of a batch: the answer must not be far longer than the batch. */
const MAX_JOB_FAULTS = 10;
/** Faults listed when a whole batch is refused. */
const MAX_FAULTS = 1_000;

const submitJobSchema = compileSchema(SubmitJob);

function checkJob(value: unknown): Candidate {
  if (!submitJobSchema.ok) throw new Error(submitJobSchema.reason);
  const errors = submitJobSchema.check(value).slice(0, MAX_JOB_FAULTS);
  if (errors.length === 0) return { ok: true, job: value as SubmitJob };
  const error = new AppError('invalid-request', 'Mend the fields listed in errors.', { errors });
  return { ok: false, error };
}

function checkLine(line: Buffer): Candidate {
  try {
    return checkJob(readJson(line, 'The line'));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ok: false, error };
  }
}

/** Candidates of a JSON body, in chunks. */
async function* fromArray(jobs: readonly unknown[]): AsyncGenerator<Candidate[]> {
  for (let start = 0; start < jobs.length; start += CHUNK)
    yield jobs.slice(start, start + CHUNK).map(checkJob);
}

/**
 * Candidates of an NDJSON body, in chunks, as it arrives. A line that is too long, or one too many, is the
 * last candidate: nothing behind it is read.
 */
async function* fromLines(body: Readable, limits: LineLimits): AsyncGenerator<Candidate[]> {
  let chunk: Candidate[] = [];
  let bytes = 0;
  let count = 0;
  try {
    for await (const lines of readLines(body, limits)) {
      for (const line of lines) {
        count += 1;
        if (count > MAX_BATCH) throw tooMany();
        chunk.push(checkLine(line));
        bytes += line.length;
        if (chunk.length < CHUNK && bytes < CHUNK_BYTES) continue;
        yield chunk;
        chunk = [];
        bytes = 0;
      }
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    chunk.push({ ok: false, error });
  }
  if (chunk.length > 0) yield chunk;
}

const tooMany = () =>
  new AppError('payload-too-large', `A batch has at most ${MAX_BATCH} jobs; send the rest in another one.`);

const isAway = (outcome: SubmitOutcome): boolean => !outcome.ok && outcome.error.code === 'redis-unavailable';

/** How batches are read and submitted. */
export const bulkSubmitPlugin = fastifyPlugin<{ maxLineBytes: number }>(
  async (app, { maxLineBytes }) => {
    const candidates = (body: unknown, maxBytes?: number): AsyncGenerator<Candidate[]> => {
      if (typeof body === 'object' && body !== null && 'jobs' in body)
        return fromArray(body.jobs as unknown[]);
      return fromLines(body as Readable, { maxLineBytes, maxBytes });
    };

    app.decorate('submitBatch', async (body: unknown): Promise<SubmitOutcome[]> => {
      const outcomes: SubmitOutcome[] = [];
      for await (const chunk of candidates(body)) {
        const submitted = await app.submitter.submitEach(chunk);
        outcomes.push(...submitted);
        // Nothing gets through: what follows would only wait for the same answer.
        if (submitted.every(isAway)) break;
      }
      const [first] = outcomes;
      if (first === undefined) throw noJobs();
      if (!first.ok && outcomes.every(isAway)) throw first.error;
      return outcomes;
    });

    app.decorate('submitBatchTogether', async (body, { atomic, key }) => {
      const all: Candidate[] = [];
      // All of it is held at once, so it may be no longer than any other body.
      for await (const chunk of candidates(body, maxLineBytes)) all.push(...chunk);
      if (all.length === 0) throw noJobs();
      if (atomic && !all.every(({ ok }) => ok)) throw refused(all);
      const submitted = await app.submitter.submitTogether(all, { atomic, key });
      if (atomic && !submitted.value.every(({ ok }) => ok)) throw refused(submitted.value);
      return submitted;
    });
  },
  { name: 'batch', dependencies: ['core', 'input'] },
);

const noJobs = () =>
  new AppError('invalid-request', 'The batch has no jobs.', {
    errors: [{ pointer: '/jobs', detail: 'must have at least one job' }],
  });

/** The faults of all jobs, each with a pointer into the batch. */
function refused(outcomes: readonly (Candidate | SubmitOutcome)[]): AppError {
  const errors = outcomes.flatMap((outcome, i): Fault[] => {
    if (outcome.ok) return [];
    const faults = outcome.error.errors ?? [{ pointer: '', detail: outcome.error.message }];
    return faults.map(({ pointer, detail }) => ({ pointer: `/jobs/${i}${pointer}`, detail }));
  });
  return new AppError(
    'invalid-batch',
    'No job was stored, since some are refused; they are listed in errors.',
    {
      errors: errors.slice(0, MAX_FAULTS),
    },
  );
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Takes in what it can. @throws {AppError} when nothing could be even tried. */
    submitBatch(body: unknown): Promise<SubmitOutcome[]>;
    /**
     * Takes jobs in in one step: with `atomic` all or none, with a key at most once.
     *
     * @throws {AppError} invalid-batch with all faults, queue-full or idempotency-mismatch.
     */
    submitBatchTogether(
      body: unknown,
      how: { atomic: boolean; key: string | undefined },
    ): Promise<SubmitResult<SubmitOutcome[]>>;
  }
}
