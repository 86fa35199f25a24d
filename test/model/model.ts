import type { Settled } from '../../src/queue/consume.ts';
import type { Place } from '../../src/redis/keys.ts';
import { type FinalStatus, PRIORITIES } from '../../src/schemas/names.ts';
import {
  compareEntries,
  type Handout,
  isExhausted,
  isRepeated,
  type Lease,
  type ModelJob,
  type Move,
  spend,
  type When,
} from './job.ts';

/** What a queue should be, told in the plainest way. */
export class Model {
  readonly jobs: ModelJob[] = [];
  readonly leases: Lease[];
  readonly handouts: Handout[] = [];
  paused = false;
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

  submit(job: ModelJob): void {
    this.jobs.push(job);
    this.totals.submitted += 1;
  }

  /** Those that a finder would end as expired. */
  lapsed(): ModelJob[] {
    return this.jobs.filter((job) => job.lapses && (job.status === 'queued' || job.status === 'scheduled'));
  }

  /** Those that a look at the queue ends as expired: the lapsed, and what was handed back before it spent anything. */
  unstarted(): ModelJob[] {
    const back = this.jobs.filter((job) => job.lapses && job.status === 'retrying' && job.spent === 0);
    return [...this.lapsed(), ...back];
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

  /** Whether there is anything to hand out. */
  mayTake(): boolean {
    return this.jobs.some(
      ({ status, when }) =>
        status === 'queued' || ((status === 'scheduled' || status === 'retrying') && when === 'now'),
    );
  }

  /** What the lanes give, in order; `favoured` is a lane's number from 1 whose first `share` jobs go first. */
  fromLanes(count: number, favoured: number, share: number): ModelJob[] {
    const first = PRIORITIES.slice(Math.max(0, favoured - 1), favoured).flatMap((lane) =>
      this.waiting('queued', lane).slice(0, share),
    );
    const others = PRIORITIES.flatMap((lane) => this.waiting('queued', lane));
    return [...new Set([...first, ...others])].slice(0, count);
  }

  handOut(job: ModelJob, worker: number): Handout {
    const token = job.spent + 1;
    const handout = { job, worker, attempt: token - job.base, token, unspent: false };
    job.status = 'running';
    job.holder = handout;
    this.handouts.push(handout);
    return handout;
  }

  complete(handout: Handout, status: Exclude<FinalStatus, 'failed'>, result: number): Settled {
    const settled = this.#end(handout, 'complete');
    if (settled === 'done') {
      Object.assign(handout.job, { status, spent: handout.token });
      if (status === 'completed') handout.job.result = result;
      this.totals[status] += 1;
    }
    return settled;
  }

  retry(handout: Handout, when: When): Settled {
    const settled = this.#end(handout, 'retry');
    if (settled === 'done') {
      // One that is to be cancelled waits no longer: whoever takes it ends it.
      const soon = handout.job.cancelAsked ? 'now' : when;
      Object.assign(handout.job, { status: 'retrying', when: soon, progress: undefined });
      spend(handout);
      this.totals.retried += 1;
    }
    return settled;
  }

  bury(handout: Handout): Settled {
    const settled = this.#end(handout, 'bury');
    if (settled === 'done') {
      handout.job.status = 'failed';
      handout.job.buriedBy = handout.worker;
      if (isExhausted(handout)) handout.unspent = true;
      else spend(handout);
      this.totals.failed += 1;
    }
    return settled;
  }

  release(handout: Handout): Settled {
    if (handout.job.holder !== handout) return 'stale';
    Object.assign(handout.job, { status: 'retrying', when: 'now', progress: undefined, holder: undefined });
    handout.unspent = true;
    return 'done';
  }

  /** What a worker held whose lease is over waits again, one attempt poorer. */
  recover(worker: number): ModelJob[] {
    const lost = this.held().filter((handout) => handout.worker === worker);
    for (const handout of lost) {
      spend(handout);
      const now = {
        status: 'retrying',
        when: 'now',
        progress: undefined,
        holder: undefined,
        ended: undefined,
      };
      Object.assign(handout.job, now);
    }
    this.totals.recovered += lost.length;
    return lost.map(({ job }) => job);
  }

  /** Ends a job that waits. */
  withdraw(job: ModelJob, status: 'cancelled' | 'expired'): void {
    Object.assign(job, { status, progress: undefined, ended: undefined });
    this.totals[status] += 1;
  }

  /** A failed job runs again, with fresh attempts. */
  requeue(job: ModelJob): void {
    Object.assign(job, { status: 'retrying', when: 'now', base: job.spent });
    Object.assign(job, { progress: undefined, cancelAsked: false, ended: undefined });
  }

  remove(job: ModelJob): void {
    if (job.status === 'failed') this.totals.purged += 1;
    Object.assign(job, { status: 'gone', ended: undefined });
  }

  #end(handout: Handout, move: Move): Settled {
    const { job, worker, token } = handout;
    if (job.holder === handout) {
      Object.assign(job, { holder: undefined, ended: { worker, token, move } });
      return 'done';
    }
    if (isRepeated(handout, move)) return 'repeated';
    this.totals.staleCommits += 1;
    return 'stale';
  }
}
