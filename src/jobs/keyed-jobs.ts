import type { Core } from '../core/core.ts';
import { AppError, invalidCursor } from '../errors.ts';
import type { Connection } from '../redis/connection.ts';
import type { Ref } from '../redis/job-id.ts';
import { formatJobId } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { Job } from '../schemas/job.ts';
import { printJson } from '../schemas/json/json-text.ts';
import { decodeCursor, encodeCursor } from '../schemas/values/cursor.ts';
import type { VisibleQueues } from '../schemas/values/visible-queues.ts';
import { findJob } from './find.ts';
import { partKey } from './submit/idempotency.ts';
import { recallOnce } from './submit/scripts/submit.ts';
import { withoutPayload } from './view.ts';

/** Bytes of the jobs of one page. A single job may have more. */
const MAX_PAGE_BYTES = 8 * 1_048_576;
/** Jobs of the first read, which tells how large they are, and of any. */
const FIRST_READ = 4;
const MOST_READ = 64;
/** Parts of a long batch that have no record, since all of their jobs were refused, before the search ends. */
const MOST_MISSING_PARTS = 200;

export interface KeyedJobsQuery {
  readonly limit: number;
  readonly cursor?: string;
  /** false: the jobs come without their payloads. */
  readonly payload?: boolean;
}

interface KeyedJobsPage {
  items: Job[];
  nextCursor?: string;
}

/** A part of the submit, and a job in it, both from 0. */
interface Position {
  part: number;
  index: number;
}

/**
 * A page of the jobs that a submit with the Idempotency-Key has stored, in the order of the request: of one job, or of a batch.
 * Empty when the key is unknown or forgotten. Leaves out jobs that are gone, and those in queues that the client may not read.
 *
 * @throws {AppError} invalid-request for a cursor that no page gave.
 */
export async function listKeyedJobs(
  core: Core,
  keys: QueueKeys,
  key: string,
  query: KeyedJobsQuery,
  visible?: VisibleQueues,
): Promise<KeyedJobsPage> {
  let at: Position | undefined = query.cursor === undefined ? START : parseCursor(query.cursor);
  const page = new KeyedPage(core, query);
  while (at !== undefined) {
    const record = await recallOnce(core.redis, keys.idempotency(partKey(key, at.part)));
    const jobs = (record?.refs ?? [])
      .map((ref, i) => ({ ref, queue: record?.queues?.[i] ?? keys.queue }))
      .filter(({ queue }) => visible?.has(queue) ?? true);
    const index = await page.addFrom(jobs, at.index);
    if (index < jobs.length) return { items: page.items, nextCursor: encodeCursor(`${at.part}:${index}`) };
    at = await nextPart(core.redis, keys, key, at.part);
  }
  return { items: page.items };
}

const START: Position = { part: 0, index: 0 };

function parseCursor(cursor: string): Position {
  const [, part, index] = /^(\d{1,5}):(\d{1,5})$/.exec(decodeCursor(cursor)) ?? [];
  if (part === undefined) throw invalidCursor();
  return { part: Number(part), index: Number(index) };
}

/** The next part that has stored jobs. */
async function nextPart(
  redis: Connection,
  keys: QueueKeys,
  key: string,
  part: number,
): Promise<Position | undefined> {
  const recordKey = (index: number) => keys.idempotency(partKey(key, index));
  const following = Array.from({ length: MOST_MISSING_PARTS }, (_, i) => part + 1 + i);
  if ((await redis.exists(...following.map(recordKey))) === 0) return undefined;
  for (const index of following)
    if ((await redis.exists(recordKey(index))) > 0) return { part: index, index: 0 };
  return undefined;
}

interface StoredJob {
  readonly queue: string;
  readonly ref: Ref;
}

/** The jobs of one page, bounded in jobs and bytes. */
class KeyedPage {
  readonly items: Job[] = [];
  readonly #core: Core;
  readonly #query: KeyedJobsQuery;
  #bytes = 0;

  constructor(core: Core, query: KeyedJobsQuery) {
    this.#core = core;
    this.#query = query;
  }

  /** Adds jobs from an index on while they fit; returns the index of the first that did not. */
  async addFrom(jobs: readonly StoredJob[], start: number): Promise<number> {
    for (let index = start; index < jobs.length; ) {
      const size = this.#readSize();
      if (size < 1) return index;
      const read = await Promise.all(jobs.slice(index, index + size).map((job) => this.#read(job)));
      for (const job of read) {
        if (job !== undefined && !this.#add(job)) return index;
        index += 1;
      }
    }
    return jobs.length;
  }

  #readSize(): number {
    const { length } = this.items;
    const left = MAX_PAGE_BYTES - this.#bytes;
    const fit = length === 0 ? FIRST_READ : Math.max(1, Math.floor((left * length) / this.#bytes));
    return left <= 0 ? 0 : Math.min(this.#query.limit - length, fit, MOST_READ);
  }

  #add(job: Job): boolean {
    const bytes = Buffer.byteLength(printJson(job));
    if (this.items.length > 0 && this.#bytes + bytes > MAX_PAGE_BYTES) return false;
    this.#bytes += bytes;
    this.items.push(job);
    return true;
  }

  async #read({ queue, ref }: StoredJob): Promise<Job | undefined> {
    const located = { id: formatJobId(queue, ref), keys: this.#core.keySpace.queue(queue), ref };
    try {
      const job = await findJob(this.#core, located);
      return this.#query.payload === false ? withoutPayload(job) : job;
    } catch (error) {
      if (error instanceof AppError && (error.code === 'job-gone' || error.code === 'job-not-found'))
        return undefined;
      throw error;
    }
  }
}
