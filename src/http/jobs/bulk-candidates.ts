import type { Readable } from 'node:stream';
import { AppError, invalidRequest } from '../../errors.ts';
import type { Candidate } from '../../jobs/submit/outcomes.ts';
import { MAX_BULK_JOBS } from '../../schemas/http.ts';
import { SUBMIT_TEXTS, SubmitJob } from '../../schemas/job.ts';
import { JsonText } from '../../schemas/json/json-text.ts';
import { inMembers } from '../../schemas/json/places.ts';
import { compileSchema } from '../../schemas/validation/compile.ts';
import { dropNulls } from '../../schemas/validation/drop-nulls.ts';
import { Slices } from '../../slices.ts';
import { type JsonReading, readJson } from '../request/read-json.ts';
import { type Line, type LineLimits, readLines } from '../request/read-lines.ts';

/** Jobs per chunk, so that a stream of any length takes constant memory. */
const CHUNK_JOBS = 500;
/** A chunk ends early when its lines have this many bytes. */
const CHUNK_BYTES = 1_048_576;
/** The most lines that are answered. Those beyond the most jobs cost no memory, but make the response long. */
const MAX_ANSWERED = 100_000;
/** Faults listed per job, so that the response stays in proportion to the request. */
const MAX_JOB_FAULTS = 10;
/** Faults listed per batch. Jobs after that get their first one: to look for all of them takes long. */
const MAX_BATCH_FAULTS = 1_000;

const submitJobSchema = compileSchema(SubmitJob, { isOurs: true });

/** Why the client may not submit a job, if so. */
export type RefuseJob = (job: SubmitJob) => AppError | undefined;

export interface BulkLimits extends LineLimits {
  /** Absent: the client may submit to every queue. */
  readonly refuse?: RefuseJob | undefined;
}

/** Some jobs of a bulk submit, in their order. */
export interface BulkChunk {
  readonly candidates: Candidate[];
  /** Length of their lines; 0 for jobs of a JSON body, which is in memory already. */
  readonly bytes: number;
}

/**
 * The jobs of a bulk submit, each checked alone, in chunks. Where chunks end follows from the body alone.
 *
 * @param body the JSON body as `BATCH_READING` reads it, or the NDJSON body as a stream.
 * @param limits of lines: for NDJSON only.
 * @throws {AppError} payload-too-large if the body has more than `maxBytes`; invalid-request if it breaks off.
 */
export function bulkCandidates(body: unknown, limits: BulkLimits): AsyncGenerator<BulkChunk> {
  if (typeof body === 'object' && body !== null && 'jobs' in body)
    return fromArray(body.jobs as unknown[], limits.refuse);
  // Without a body any content type is taken.
  if (body === undefined) return fromArray([], limits.refuse);
  return fromLines(body as Readable, limits);
}

async function* fromArray(
  jobs: readonly unknown[],
  refuse: RefuseJob | undefined,
): AsyncGenerator<BulkChunk> {
  const slices = new Slices();
  const checkJob = jobCheck(refuse);
  const read = (job: unknown) =>
    job instanceof JsonText ? readCandidate(Buffer.from(job.text), 'The job', checkJob) : checkJob(job);
  for (let start = 0; start < jobs.length; start += CHUNK_JOBS) {
    const candidates = await slices.map(jobs.slice(start, start + CHUNK_JOBS), read);
    yield { candidates, bytes: 0 };
  }
}

/** Reads jobs as they arrive. Every line is a candidate, also beyond the most jobs of a batch. */
async function* fromLines(body: Readable, limits: BulkLimits): AsyncGenerator<BulkChunk> {
  const slices = new Slices();
  const checkJob = jobCheck(limits.refuse);
  let chunk: Candidate[] = [];
  let bytes = 0;
  let count = 0;
  for await (const lines of readLines(body, limits)) {
    for (const line of lines) {
      if (slices.isOver) await slices.next();
      count += 1;
      chunk.push(count > MAX_BULK_JOBS ? beyondMost(count) : readCandidate(line, 'The line', checkJob));
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

type JobCheck = (value: unknown) => Candidate;

function readCandidate(json: Line, source: string, checkJob: JobCheck): Candidate {
  if (json instanceof AppError) return { ok: false, error: json };
  try {
    return checkJob(readJson(json, source, JOB_READING));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ok: false, error };
  }
}

const JOB_READING = { texts: SUBMIT_TEXTS };

const TOO_MANY_ITEMS = `must NOT have more than ${MAX_BULK_JOBS} items`;
const ITEMS: JsonReading['items'] = {
  most: MAX_BULK_JOBS,
  error: () => invalidRequest([{ pointer: '/jobs', detail: TOO_MANY_ITEMS }]),
};

/** Jobs are read one by one only where the JSON of one is at fault, so that it does not reject the others. */
export const BATCH_READING: JsonReading = {
  texts: inMembers({ jobs: { each: SUBMIT_TEXTS } }),
  items: ITEMS,
  whenFaulty: { texts: inMembers({ jobs: { each: 'text' } }), items: ITEMS },
};

/** Checks the jobs of one batch. */
function jobCheck(refuse: RefuseJob | undefined): JobCheck {
  const schema = submitJobSchema;
  if (!schema.ok) throw new Error(schema.reason);
  let listed = 0;
  return (value) => {
    const isFull = listed >= MAX_BATCH_FAULTS;
    const check = () => schema.check(value, '', isFull ? 'first' : 'all');
    let faults = check();
    if (faults.length > 0 && dropNulls(SubmitJob, value)) faults = check();
    if (faults.length === 0) {
      const error = refuse?.(value as SubmitJob);
      return error === undefined ? { ok: true, job: value as SubmitJob } : { ok: false, error };
    }
    faults = faults.slice(0, MAX_JOB_FAULTS);
    listed += faults.length;
    return { ok: false, error: invalidRequest(faults) };
  };
}

const LIMIT = `A batch has at most ${MAX_BULK_JOBS} jobs. Send the rest in another request.`;

/** Lines beyond the most jobs share their outcome: there may be many of them. */
const TOO_MANY: Candidate = { ok: false, error: new AppError('payload-too-large', LIMIT) };
const UNREAD: Candidate = {
  ok: false,
  error: new AppError('payload-too-large', `This line and all lines after it were not read. ${LIMIT}`),
};

const beyondMost = (count: number): Candidate => (count < MAX_ANSWERED ? TOO_MANY : UNREAD);

export const tooMany = (): AppError => new AppError('payload-too-large', LIMIT);
