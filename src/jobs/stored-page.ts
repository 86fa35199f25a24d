import type { Core } from '../core/core.ts';
import { AppError } from '../errors.ts';
import { formatJobId, type Ref } from '../redis/job-id.ts';
import type { Job } from '../schemas/job.ts';
import { printJson } from '../schemas/json/json-text.ts';
import { findJob } from './find.ts';
import { withoutPayload } from './view.ts';

/** Bytes of the jobs that one page reads. A single job may have more. */
const MAX_PAGE_BYTES = 8 * 1_048_576;
/** The most jobs of the first read, which shows how large they are, and of each later read. */
const FIRST_READ = 4;
const MOST_READ = 64;
/** The most jobs that one page looks at, including those that it does not show. */
const MOST_SEEN = 1_000;

export interface JobPage {
  items: Job[];
  nextCursor?: string;
  /** Queues that it lacks: their primary in a Cluster is away. */
  missing?: string[];
}

export interface StoredPageQuery {
  readonly limit: number;
  /** false: the jobs come without their payloads. */
  readonly payload?: boolean;
  /** Which jobs to show. Absent: all. */
  readonly keeps?: (job: Job) => boolean;
}

export interface StoredJob {
  readonly queue: string;
  readonly ref: Ref;
}

/** The jobs of one page, wherever they are, bounded in jobs and bytes. */
export class StoredPage<J extends StoredJob = StoredJob> {
  readonly items: Job[] = [];
  /** Those that were asked for and are no longer kept. */
  readonly gone: J[] = [];
  readonly #core: Core;
  readonly #query: StoredPageQuery;
  #seen = 0;
  #bytes = 0;

  constructor(core: Core, query: StoredPageQuery) {
    this.#core = core;
    this.#query = query;
  }

  /** How many jobs to read next; 0 for a page that is full. */
  nextStep(): number {
    const left = MAX_PAGE_BYTES - this.#bytes;
    if (left <= 0) return 0;
    const fit = this.#seen === 0 ? FIRST_READ : Math.floor((left * this.#seen) / Math.max(1, this.#bytes));
    const most = Math.min(this.#query.limit - this.items.length, MOST_SEEN - this.#seen);
    return Math.min(most, Math.max(1, fit), MOST_READ);
  }

  /** Adds jobs from an index on while they fit; returns the index of the first that did not. */
  async addFrom(jobs: readonly J[], start: number): Promise<number> {
    for (let index = start; index < jobs.length; ) {
      const size = this.nextStep();
      if (size < 1) return index;
      const asked = jobs.slice(index, index + size);
      const read = await Promise.all(asked.map((job) => this.#read(job)));
      for (const [i, job] of read.entries()) {
        if (job === undefined) this.#leaveOut(asked[i] as J);
        else if (!this.#add(job)) return index;
        index += 1;
      }
    }
    return jobs.length;
  }

  #leaveOut(job: J): void {
    this.#seen += 1;
    this.gone.push(job);
  }

  #add(job: Job): boolean {
    const bytes = Buffer.byteLength(printJson(job));
    if (this.#seen > 0 && this.#bytes + bytes > MAX_PAGE_BYTES) return false;
    this.#seen += 1;
    this.#bytes += bytes;
    if (this.#query.keeps?.(job) ?? true) this.items.push(job);
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
