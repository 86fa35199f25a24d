import type { Settled } from '../../src/queue/consume.ts';
import type { FinalStatus } from '../../src/schemas/names.ts';
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

  /** Where that makes more than `maxDead` dead letters, the oldest goes. */
  bury(handout: Handout, maxDead: number): Settled {
    const settled = this.#end(handout, 'bury');
    if (settled === 'done') {
      handout.job.status = 'failed';
      handout.job.buriedBy = handout.worker;
      if (!isExhausted(handout)) spend(handout, 'Error');
      this.totals.failed += 1;
      this.dead.push(handout.job);
      const [oldest] = this.dead;
      if (this.dead.length > maxDead && oldest !== undefined) this.remove(oldest);
    }
    return settled;
  }

  release(handout: Handout, begun: boolean): Settled {
    if (handout.job.holder !== handout) return 'stale';
    if (begun) handout.job.begun = true;
    Object.assign(handout.job, { status: 'retrying', when: 'now', progress: undefined, holder: undefined });
    handout.unspent = true;
    return 'done';
  }

  /** What a worker held whose lease is over waits again, one attempt poorer. */
  recover(worker: number): ModelJob[] {
    const lost = this.held().filter((handout) => handout.worker === worker);
    for (const handout of lost) {
      spend(handout, 'worker-lost');
      handout.job.losses += 1;
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
