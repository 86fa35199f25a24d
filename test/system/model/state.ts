import type { Place } from '../../../src/redis/keys.ts';
import { PRIORITIES } from '../../../src/schemas/values/names.ts';
import { compareEntries, type Handout, hasEnded, type Lease, type ModelJob } from './job.ts';
import type { JobOptions } from './job-options.ts';

/** What is in a queue, and what follows from that. */
export class State {
  readonly jobs: ModelJob[] = [];
  readonly leases: Lease[];
  readonly handouts: Handout[] = [];
  paused = false;
  /** Most jobs that have not ended. */
  maxJobs = Number.POSITIVE_INFINITY;
  /** What was submitted with an Idempotency-Key. */
  readonly once = new Map<number, { job: ModelJob; asked: JobOptions }>();
  /** Dead letters, oldest first. */
  readonly dead: ModelJob[] = [];
  readonly totals = {
    submitted: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    expired: 0,
    retried: 0,
    recovered: 0,
    staleCommits: 0,
    purged: 0,
  };

  constructor(workers: number) {
    this.leases = Array.from({ length: workers }, () => 'held');
  }

  /** Those that a finder would end as expired: no handler has begun on them, though they may have been handed out. */
  lapsed(): ModelJob[] {
    return this.jobs.filter(({ lapses, status, spent, begun }) => {
      const waits = status === 'queued' || status === 'scheduled' || (status === 'retrying' && !begun);
      return lapses && waits && spent === 0;
    });
  }

  /** Those that a look at the queue ends as expired. */
  unstarted(): ModelJob[] {
    return this.lapsed().filter(({ watched }) => watched);
  }

  /** Jobs that have not ended. */
  live(): ModelJob[] {
    return this.jobs.filter((job) => job.status !== 'gone' && !hasEnded(job));
  }

  /** How many jobs may come. */
  room(): number {
    return Math.max(0, this.maxJobs - this.live().length);
  }

  /** Workers that have a lease, by number. */
  leased(): number[] {
    return this.leases.flatMap((lease, worker) => (lease === 'none' ? [] : [worker]));
  }

  held(): Handout[] {
    return this.handouts.filter((handout) => handout.job.holder === handout);
  }

  /**
   * Deliveries that are over. Left out are those that spent nothing and were handed to the same lease again, which
   * are the same by lease and token.
   */
  past(): Handout[] {
    return this.handouts.filter((handout) => {
      const { holder } = handout.job;
      if (holder === handout) return false;
      return !handout.unspent || holder?.worker !== handout.worker || holder.token !== handout.token;
    });
  }

  /** Jobs of a place that wait there and may run, in the order of their entries. */
  waiting(status: 'queued' | 'scheduled' | 'retrying', place: Place): ModelJob[] {
    return this.jobs
      .filter((job) => job.status === status && job.ref.place === place && job.when === 'now')
      .sort((a, b) => compareEntries(a.ref.entryId, b.ref.entryId));
  }

  /** All that may be handed out. */
  runnable(): ModelJob[] {
    return this.jobs.filter(({ status, when }) => {
      return status === 'queued' || ((status === 'scheduled' || status === 'retrying') && when === 'now');
    });
  }

  /** What the lanes give, in order; `favoured` is a lane's number from 1 whose first `share` jobs go first. */
  fromLanes(count: number, favoured: number, share: number): ModelJob[] {
    const first = PRIORITIES.slice(Math.max(0, favoured - 1), favoured).flatMap((lane) =>
      this.waiting('queued', lane).slice(0, share),
    );
    const others = PRIORITIES.flatMap((lane) => this.waiting('queued', lane));
    return [...new Set([...first, ...others])].slice(0, count);
  }
}
