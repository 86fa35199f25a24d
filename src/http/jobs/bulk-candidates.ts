import type { Readable } from 'node:stream';
import { AppError, invalidRequest } from '../../errors.ts';
import type { Candidate } from '../../jobs/submit/outcomes.ts';
import { MAX_BULK_JOBS } from '../../schemas/http.ts';
import { SubmitJob } from '../../schemas/job.ts';
import { compileSchema } from '../../schemas/validation/compile.ts';
import { dropNulls } from '../../schemas/validation/drop-nulls.ts';
import { readJson } from '../request/read-json.ts';
import { type Line, type LineLimits, readLines } from '../request/read-lines.ts';

/** Jobs per chunk, so that a stream of any length takes constant memory. */
const CHUNK_JOBS = 500;
/** A chunk ends early when its lines have this many bytes. */
const CHUNK_BYTES = 1_048_576;
/** The most lines that are answered. Those beyond the most jobs cost no memory, but make the response long. */
const MAX_ANSWERED = 100_000;
/** Faults listed per job, so that the response stays in proportion to the request. */
const MAX_JOB_FAULTS = 10;

const submitJobSchema = compileSchema(SubmitJob);

/** Some jobs of a bulk submit, in their order. */
export interface BulkChunk {
  readonly candidates: Candidate[];
  /** Length of their lines; 0 for jobs of a JSON body, which is in memory already. */
  readonly bytes: number;
}

/**
 * The jobs of a bulk submit, each checked alone, in chunks. Where chunks end follows from the body alone.
 *
 * @param body the parsed JSON body, or the NDJSON body as a stream.
 * @param limits for NDJSON only.
 * @throws {AppError} payload-too-large if the body has more than `maxBytes`; invalid-request if it breaks off.
 */
export function bulkCandidates(body: unknown, limits: LineLimits): AsyncGenerator<BulkChunk> {
  if (typeof body === 'object' && body !== null && 'jobs' in body) return fromArray(body.jobs as unknown[]);
  return fromLines(body as Readable, limits);
}

async function* fromArray(jobs: readonly unknown[]): AsyncGenerator<BulkChunk> {
  for (let start = 0; start < jobs.length; start += CHUNK_JOBS)
    yield { candidates: jobs.slice(start, start + CHUNK_JOBS).map(checkJob), bytes: 0 };
}

/** Reads jobs as they arrive. Every line is a candidate, also beyond the most jobs of a batch. */
async function* fromLines(body: Readable, limits: LineLimits): AsyncGenerator<BulkChunk> {
  let chunk: Candidate[] = [];
  let bytes = 0;
  let count = 0;
  for await (const lines of readLines(body, limits)) {
    for (const line of lines) {
      count += 1;
      chunk.push(count > MAX_BULK_JOBS ? beyondMost(count) : checkLine(line));
      bytes += line instanceof AppError ? 0 : line.length;
      if (chunk.length < CHUNK_JOBS && bytes < CHUNK_BYTES && count < MAX_ANSWERED) continue;
      yield { candidates: chunk, bytes };
      if (count === MAX_ANSWERED) return;
      chunk = [];
      bytes = 0;
    }
  }
  if (chunk.length > 0) yield { candidates: chunk, bytes };
}

function checkLine(line: Line): Candidate {
  if (line instanceof AppError) return { ok: false, error: line };
  try {
    return checkJob(readJson(line, 'The line'));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ok: false, error };
  }
}

function checkJob(value: unknown): Candidate {
  if (!submitJobSchema.ok) throw new Error(submitJobSchema.reason);
  let faults = submitJobSchema.check(value);
  if (faults.length > 0 && dropNulls(SubmitJob, value)) faults = submitJobSchema.check(value);
  if (faults.length === 0) return { ok: true, job: value as SubmitJob };
  return { ok: false, error: invalidRequest(faults.slice(0, MAX_JOB_FAULTS)) };
}

const LIMIT = `A batch has at most ${MAX_BULK_JOBS} jobs. Send the rest in another request.`;

/** Lines beyond the most jobs share their outcome: there may be many of them. */
const TOO_MANY: Candidate = { ok: false, error: new AppError('payload-too-large', LIMIT) };
const UNREAD: Candidate = {
  ok: false,
  error: new AppError('payload-too-large', `This line and all lines after it were not read. ${LIMIT}`),
};

const beyondMost = (count: number): Candidate => (count < MAX_ANSWERED ? TOO_MANY : UNREAD);

/** Whether a batch has more jobs than it may have. */
export const hasTooMany = (candidates: readonly Candidate[]): boolean => candidates.length > MAX_BULK_JOBS;

export const tooMany = (): AppError => new AppError('payload-too-large', LIMIT);
