import type { Core } from '../core/core.ts';
import { viewJob, withoutPayload } from '../jobs/view.ts';
import type { Ref } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { Job } from '../schemas/job.ts';
import type { ListedStatus } from '../schemas/values/names.ts';
import { type ListedJob, readListed } from './scripts/listed-job.ts';

/** Bytes of the jobs of one page. A single job may have more. */
export const MAX_PAGE_BYTES = 8 * 1_048_576;
/** Jobs that are read at a time, and those of the first step, which tells how large jobs are. */
const MOST_AT_ONCE = 64;
const FIRST_STEP = 16;
/** A larger entry is read alone, so that those read at a time together have no more bytes than a page. */
const READ_TOGETHER_BYTES = MAX_PAGE_BYTES / MOST_AT_ONCE;

interface PageQuery {
  readonly status?: ListedStatus;
  readonly limit: number;
  readonly payload?: boolean;
  readonly keeps?: (job: Job) => boolean;
}

/** Reads the jobs of one page in steps, until it has enough jobs or bytes. */
export class PageReader {
  readonly items: Job[] = [];
  readonly #core: Core;
  readonly #keys: QueueKeys;
  readonly #query: PageQuery;
  #seen = 0;
  #bytes = 0;
  #isFull = false;

  constructor(core: Core, keys: QueueKeys, query: PageQuery) {
    this.#core = core;
    this.#keys = keys;
    this.#query = query;
  }

  get isFull(): boolean {
    return this.#isFull || this.#seen >= this.#query.limit;
  }

  /** How many jobs to read next. */
  nextStep(): number {
    const left = MAX_PAGE_BYTES - this.#bytes;
    const fit = this.#seen === 0 ? FIRST_STEP : Math.floor((left * this.#seen) / Math.max(1, this.#bytes));
    return Math.min(this.#query.limit - this.#seen, Math.max(1, fit), MOST_AT_ONCE);
  }

  /** Adds the jobs that fit; returns how many refs it has read. Leaves out a job that has moved to another status. */
  async read(refs: readonly Ref[]): Promise<number> {
    const together = this.#query.payload === false ? 0 : READ_TOGETHER_BYTES;
    const jobs = await Promise.all(refs.map((ref) => this.#readOne(ref, together)));
    for (const [i, ref] of refs.entries()) {
      const job = jobs[i];
      if (job === undefined || !(await this.#add(ref, job))) return i;
    }
    return refs.length;
  }

  #readOne(ref: Ref, maxBytes: number): Promise<ListedJob> {
    return readListed(this.#core.redis, this.#keys, ref, maxBytes);
  }

  /** Whether the page had room for the job. */
  async #add(ref: Ref, { found, bytes, readBytes }: ListedJob): Promise<boolean> {
    const { status, payload, keeps } = this.#query;
    if (found.place === 'none' || found.place === 'gone' || found.place === 'result') return this.#count(0);
    if (status !== undefined && found.place !== status) return this.#count(0);
    const isWhole = payload !== false;
    const needed = isWhole ? bytes : readBytes;
    this.#isFull = this.items.length > 0 && this.#bytes + needed > MAX_PAGE_BYTES;
    if (this.#isFull) return false;
    if (isWhole && readBytes < bytes) return this.#addAlone(ref);
    const job = viewJob(this.#keys.queue, ref, found, this.#core.tasks.defaultsOf);
    if (keeps?.(job) ?? true) this.items.push(isWhole ? job : withoutPayload(job));
    return this.#count(needed);
  }

  /** Adds a job that was too large to be read with others. */
  async #addAlone(ref: Ref): Promise<boolean> {
    const { found, bytes } = await this.#readOne(ref, Number.MAX_SAFE_INTEGER);
    return this.#add(ref, { found, bytes, readBytes: bytes });
  }

  #count(bytes: number): true {
    this.#seen += 1;
    this.#bytes += bytes;
    return true;
  }
}
