import type { Readable } from 'node:stream';
import { AppError, invalidRequest } from '../../errors.ts';
import type { Candidate } from '../../jobs/submit/outcomes.ts';
import { MAX_BULK_JOBS } from '../../schemas/http.ts';
import { SUBMIT_TEXTS, SubmitJob } from '../../schemas/job.ts';
import type { JsonText } from '../../schemas/json/json-text.ts';
import { compileSchema } from '../../schemas/validation/compile.ts';
import { readJson } from '../request/read-json.ts';
import { type LineLimits, readLines } from '../request/read-lines.ts';

/** Jobs per chunk, so that a stream of any length takes constant memory. */
const CHUNK_JOBS = 500;
/** A chunk ends early when its lines have this many bytes. */
const CHUNK_BYTES = 1_048_576;
/** Faults listed per job, so that the response stays in proportion to the request. */
const MAX_JOB_FAULTS = 10;

const submitJobSchema = compileSchema(SubmitJob);

/**
 * The jobs of a bulk submit, each checked alone, in chunks.
 *
 * @param body the JSON body with its jobs as texts, or the NDJSON body as a stream.
 * @param limits for NDJSON only.
 */
export function bulkCandidates(body: unknown, limits: LineLimits): AsyncGenerator<Candidate[]> {
  if (typeof body === 'object' && body !== null && 'jobs' in body) return fromArray(body.jobs as JsonText[]);
  return fromLines(body as Readable, limits);
}

async function* fromArray(jobs: readonly JsonText[]): AsyncGenerator<Candidate[]> {
  for (let start = 0; start < jobs.length; start += CHUNK_JOBS)
    yield jobs
      .slice(start, start + CHUNK_JOBS)
      .map(({ text }) => readCandidate(Buffer.from(text), 'The job'));
}

/** Reads jobs as they arrive. Stops after a line that is too long or one too many, which is the last candidate. */
async function* fromLines(body: Readable, limits: LineLimits): AsyncGenerator<Candidate[]> {
  let chunk: Candidate[] = [];
  let bytes = 0;
  let count = 0;
  try {
    for await (const lines of readLines(body, limits)) {
      for (const line of lines) {
        count += 1;
        if (count > MAX_BULK_JOBS) throw tooMany();
        chunk.push(readCandidate(line, 'The line'));
        bytes += line.length;
        if (chunk.length < CHUNK_JOBS && bytes < CHUNK_BYTES) continue;
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

function readCandidate(json: Buffer, source: string): Candidate {
  try {
    return checkJob(readJson(json, source, JOB_READING));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ok: false, error };
  }
}

const JOB_READING = { texts: SUBMIT_TEXTS };

function checkJob(value: unknown): Candidate {
  if (!submitJobSchema.ok) throw new Error(submitJobSchema.reason);
  const faults = submitJobSchema.check(value).slice(0, MAX_JOB_FAULTS);
  if (faults.length === 0) return { ok: true, job: value as SubmitJob };
  return { ok: false, error: invalidRequest(faults) };
}

const tooMany = () =>
  new AppError(
    'payload-too-large',
    `A batch has at most ${MAX_BULK_JOBS} jobs. Send the rest in another request.`,
  );
