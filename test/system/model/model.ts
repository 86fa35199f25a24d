import type { Settled } from '../../../src/lifecycle/consumer.ts';
import type { FinalStatus } from '../../../src/schemas/values/names.ts';
import { type Handout, isExhausted, isRepeated, type ModelJob, type Move, spend, type When } from './job.ts';
import { State } from './state.ts';

/** What a queue should do, told in the plainest way. */
export class Model extends State {
  submit(job: ModelJob): void {
    this.jobs.push(job);
    this.totals.submitted += 1;
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
      spend(handout, 'Error');
      this.totals.retried += 1;
    }
    return settled;
  }

  /** Where that makes more than `maxDead` dead letters, the oldest go. */
  bury(handout: Handout, maxDead: number): Settled {
    const settled = this.#end(handout, 'bury');
    if (settled === 'done') {
      const { job, worker } = handout;
      Object.assign(job, { buriedBy: worker, begun: true });
      const spends = !isExhausted(handout);
      if (spends) spend(handout, 'Error');
      if (job.cancelAsked) {
        // Whoever takes it ends it as cancelled.
        Object.assign(job, { status: 'retrying', when: 'now' });
        handout.unspent = !spends;
      } else {
        job.status = 'failed';
        this.totals.failed += 1;
        this.dead.push(job);
        for (const oldest of this.dead.slice(0, Math.max(0, this.dead.length - maxDead))) this.remove(oldest);
      }
    }
    return settled;
  }

  release(handout: Handout, begun: boolean, when: When): Settled {
    if (handout.job.holder !== handout) return isRepeated(handout, 'release') ? 'repeated' : 'stale';
    const { worker, token } = handout;
    if (begun) Object.assign(handout.job, { begun: true, ended: { worker, token, move: 'release' } });
    const soon = handout.job.cancelAsked ? 'now' : when;
    Object.assign(handout.job, { status: 'retrying', when: soon, progress: undefined, holder: undefined });
    handout.unspent = true;
    return 'done';
  }

  /** What a worker held whose lease is over waits again, one attempt poorer; `died`: it is known to have ended. */
  recover(worker: number, died: boolean): ModelJob[] {
    const lost = this.held().filter((handout) => handout.worker === worker);
    for (const handout of lost) {
      spend(handout, 'worker-lost');
      if (died) handout.job.losses += 1;
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

  /** Redis forgets that it handed this out; what waits in a place again, waits for now. */
  lose(handout: Handout): void {
    Object.assign(handout.job, { status: 'retrying', when: 'now', holder: undefined });
    handout.unspent = true;
  }

  /** Somebody looks at the queue, and ends what has lapsed. */
  expire(): void {
    for (const job of this.unstarted()) this.withdraw(job, 'expired');
    for (const job of this.jobs) job.watched = false;
  }

  /** How many of so many jobs find room; what has lapsed makes some where there is not enough. */
  makeRoom(jobs: number): number {
    if (jobs > this.room()) this.expire();
    return Math.min(jobs, this.room());
  }

  /** Ends a job that waits. */
  withdraw(job: ModelJob, status: 'cancelled' | 'expired'): void {
    Object.assign(job, { status, progress: undefined, ended: undefined });
    this.totals[status] += 1;
  }

  /** Ends a job whose worker was asked to cancel it and has not. */
  forceCancel(job: ModelJob): void {
    job.spent += 1;
    job.holder = undefined;
    this.withdraw(job, 'cancelled');
  }

  /** A failed job runs again, with fresh attempts. A delivery that was not noted keeps its token for itself. */
  requeue(job: ModelJob): void {
    this.#exhume(job);
    job.spent += 1;
    Object.assign(job, { status: 'retrying', when: 'now', base: job.spent, begun: false, losses: 0 });
    Object.assign(job, { progress: undefined, cancelAsked: false, ended: undefined, buriedBy: undefined });
  }

  remove(job: ModelJob): void {
    if (job.status === 'failed') {
      this.#exhume(job);
      this.totals.purged += 1;
    }
    Object.assign(job, { status: 'gone', ended: undefined });
  }

  #exhume(job: ModelJob): void {
    this.dead.splice(this.dead.indexOf(job), 1);
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
