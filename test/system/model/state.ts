import type { Place } from '../../../src/redis/keys.ts';
import type { Priority } from '../../../src/schemas/values/names.ts';
import {
  compareEntries,
  hasEnded,
  type Lease,
  type ModelDelivery,
  type ModelJob,
  shownStatus,
} from './job.ts';
import type { JobOptions } from './job-options.ts';

/** The contents of a queue and the values derived from them. */
export class State {
  readonly jobs: ModelJob[] = [];
  readonly leases: Lease[];
  readonly deliveries: ModelDelivery[] = [];
  paused = false;
  /** Limit on the jobs that have not ended. */
  maxJobs = Number.POSITIVE_INFINITY;
  /** Jobs submitted with an Idempotency-Key, and what was asked for, by key. */
  readonly once = new Map<number, { job: ModelJob; payload: number; asked: JobOptions }>();
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

  /** Jobs that a read by id ends as expired. No handler has begun them, but a worker may have received them. */
  expiredJobs(): ModelJob[] {
    return this.jobs.filter(({ expiresAtOnce, status, spent, begun }) => {
      const waits = status === 'queued' || status === 'scheduled' || status === 'retrying';
      return expiresAtOnce && waits && spent === 0 && !begun;
    });
  }

  /** Jobs that a queue read ends as expired. */
  expiredUnstarted(): ModelJob[] {
    return this.expiredJobs().filter(({ expirable }) => expirable);
  }

  /** Jobs that have not ended. */
  live(): ModelJob[] {
    return this.jobs.filter((job) => job.status !== 'gone' && !hasEnded(job));
  }

  /** How many more jobs the queue accepts. */
  freeDepth(): number {
    return Math.max(0, this.maxJobs - this.live().length);
  }

  /** Workers that have a lease, by number. */
  leased(): number[] {
    return this.leases.flatMap((lease, worker) => (lease === 'none' ? [] : [worker]));
  }

  held(): ModelDelivery[] {
    return this.deliveries.filter((delivery) => delivery.job.holder === delivery);
  }

  /**
   * Past deliveries. An unspent delivery is left out if the same worker received the job again:
   * worker and token cannot distinguish the two.
   */
  past(): ModelDelivery[] {
    return this.deliveries.filter((delivery) => {
      const { holder } = delivery.job;
      if (holder === delivery) return false;
      return !delivery.unspent || holder?.worker !== delivery.worker || holder.token !== delivery.token;
    });
  }

  /** Jobs that wait in a place and may run now, in entry order. */
  waiting(status: 'queued' | 'scheduled' | 'retrying', place: Place): ModelJob[] {
    return this.jobs
      .filter((job) => job.status === status && job.ref.place === place && job.when === 'now')
      .filter(({ heldAt }) => heldAt === undefined)
      .sort((a, b) => compareEntries(a.ref.entryId, b.ref.entryId));
  }

  /** Jobs that a worker may receive now. */
  runnable(): ModelJob[] {
    return this.jobs.filter(({ status, when, heldAt }) => {
      if (heldAt !== undefined) return false;
      return status === 'queued' || ((status === 'scheduled' || status === 'retrying') && when === 'now');
    });
  }

  /** The held jobs of a priority, in their order. */
  heldOf(priority: Priority): ModelJob[] {
    return this.jobs
      .filter((job) => job.heldAt !== undefined && job.priority === priority)
      .sort((a, b) => ((a.heldAt ?? '') < (b.heldAt ?? '') ? -1 : 1));
  }

  /** Jobs of a priority whose time has come, in no order. */
  due(priority: Priority): ModelJob[] {
    return this.jobs.filter(
      (job) => job.status !== shownStatus(job.status, job) && job.priority === priority,
    );
  }
}
