import type { Settled } from '../../../src/lifecycle/consumer.ts';
import type { Ref } from '../../../src/redis/job-id.ts';
import type { FinalStatus } from '../../../src/schemas/values/names.ts';
import {
  isExhausted,
  isRepeated,
  type ModelDelivery,
  type ModelJob,
  type Move,
  spend,
  type When,
} from './job.ts';
import { State } from './state.ts';

/** The expected behaviour of a queue, in its simplest form. */
export class Model extends State {
  submit(job: ModelJob): void {
    this.jobs.push(job);
    this.totals.submitted += 1;
  }

  deliver(job: ModelJob, worker: number): ModelDelivery {
    const token = job.spent + 1;
    const delivery = { job, ref: job.ref, worker, attempt: token - job.base, token, unspent: false };
    job.status = 'running';
    job.heldAt = undefined;
    job.holder = delivery;
    this.deliveries.push(delivery);
    return delivery;
  }

  complete(delivery: ModelDelivery, status: Exclude<FinalStatus, 'failed'>, result: number): Settled {
    const settled = this.#end(delivery, 'complete');
    if (settled === 'done') {
      Object.assign(delivery.job, { status, spent: delivery.token });
      if (status === 'completed') delivery.job.result = result;
      this.totals[status] += 1;
    }
    return settled;
  }

  retry(delivery: ModelDelivery, when: When): Settled {
    const settled = this.#end(delivery, 'retry');
    if (settled === 'done') {
      // A job with a cancel request does not wait: the next worker takes it and cancels it.
      const soon = delivery.job.cancelAsked ? 'now' : when;
      Object.assign(delivery.job, { status: 'retrying', when: soon, progress: undefined });
      spend(delivery, 'Error');
      this.totals.retried += 1;
    }
    return settled;
  }

  /** Removes the oldest dead letters above `maxDead`. */
  bury(delivery: ModelDelivery, maxDead: number): Settled {
    const settled = this.#end(delivery, 'bury');
    if (settled === 'done') {
      const { job, worker } = delivery;
      Object.assign(job, { buriedBy: worker, begun: true });
      const spends = !isExhausted(delivery);
      if (spends) spend(delivery, 'Error');
      if (job.cancelAsked) {
        // The next worker takes the job and cancels it.
        Object.assign(job, { status: 'retrying', when: 'now' });
        delivery.unspent = !spends;
      } else {
        job.status = 'failed';
        this.totals.failed += 1;
        this.dead.push(job);
        for (const oldest of this.dead.slice(0, Math.max(0, this.dead.length - maxDead))) this.remove(oldest);
      }
    }
    return settled;
  }

  release(delivery: ModelDelivery, begun: boolean, when: When): Settled {
    if (delivery.job.holder !== delivery) return isRepeated(delivery, 'release') ? 'repeated' : 'stale';
    const { ref, worker, token } = delivery;
    if (begun) Object.assign(delivery.job, { begun: true, ended: { ref, worker, token, move: 'release' } });
    const soon = delivery.job.cancelAsked ? 'now' : when;
    Object.assign(delivery.job, { status: 'retrying', when: soon, progress: undefined, holder: undefined });
    delivery.unspent = true;
    return 'done';
  }

  /** The worker cannot run the job: it waits for one that can, at this place among such jobs. */
  hold(delivery: ModelDelivery, heldAt: string): Settled {
    const { job, token } = delivery;
    if (job.holder !== delivery) return 'stale';
    job.holder = undefined;
    delivery.unspent = true;
    if (job.cancelAsked) Object.assign(job, { status: 'retrying', when: 'now' });
    else
      Object.assign(job, {
        status: 'queued',
        heldAt,
        expirable: job.expirable || (job.expiresAtOnce && token === 1 && !job.begun),
      });
    return 'done';
  }

  /** The jobs of a lost worker wait again. Each spends one attempt. `died`: the worker's process has ended. */
  recover(worker: number, died: boolean): ModelJob[] {
    const lost = this.held().filter((delivery) => delivery.worker === worker);
    for (const delivery of lost) {
      spend(delivery, 'worker-lost');
      if (died) delivery.job.losses += 1;
      const now = {
        status: 'retrying',
        when: 'now',
        progress: undefined,
        holder: undefined,
        ended: undefined,
      };
      Object.assign(delivery.job, now);
    }
    this.totals.recovered += lost.length;
    return lost.map(({ job }) => job);
  }

  /** Redis loses a delivery. Its job waits again and may run now. */
  lose(delivery: ModelDelivery): void {
    Object.assign(delivery.job, { status: 'retrying', when: 'now', holder: undefined });
    delivery.unspent = true;
  }

  /** A queue read ends the expired jobs that no worker has started. */
  expire(): void {
    for (const job of this.expiredUnstarted()) this.cancelOrExpire(job, 'expired');
    for (const job of this.jobs) job.expirable = false;
  }

  /** Returns how many of `jobs` fit under the limit. Expired jobs end first if the free depth is too small. */
  expireToFit(jobs: number): number {
    if (jobs > this.freeDepth()) this.expire();
    return Math.min(jobs, this.freeDepth());
  }

  /** Ends a waiting job. */
  cancelOrExpire(job: ModelJob, status: 'cancelled' | 'expired'): void {
    Object.assign(job, { status, progress: undefined, ended: undefined, heldAt: undefined });
    this.totals[status] += 1;
  }

  /** Ends a running job whose worker ignored a cancel request. */
  forceCancel(job: ModelJob): void {
    job.spent += 1;
    job.holder = undefined;
    this.cancelOrExpire(job, 'cancelled');
  }

  /** A failed job runs again with all its attempts. A new token keeps earlier unrecorded deliveries stale. */
  requeue(job: ModelJob): void {
    this.#removeDeadLetter(job);
    job.spent += 1;
    Object.assign(job, { status: 'retrying', when: 'now', base: job.spent, begun: false, losses: 0 });
    Object.assign(job, { progress: undefined, cancelAsked: false, ended: undefined, buriedBy: undefined });
  }

  /** The job has another entry from now on, which waits for its time or a worker. */
  change(
    job: ModelJob,
    changes: Partial<Pick<ModelJob, 'payload' | 'priority' | 'when' | 'tags'>> & { ref: Ref },
  ): void {
    Object.assign(job, { status: 'scheduled', heldAt: undefined, progress: undefined, ...changes });
  }

  remove(job: ModelJob): void {
    if (job.status === 'failed') {
      this.#removeDeadLetter(job);
      this.totals.purged += 1;
    }
    Object.assign(job, { status: 'gone', ended: undefined });
  }

  #removeDeadLetter(job: ModelJob): void {
    this.dead.splice(this.dead.indexOf(job), 1);
  }

  #end(delivery: ModelDelivery, move: Move): Settled {
    const { job, ref, worker, token } = delivery;
    if (job.holder === delivery) {
      Object.assign(job, { holder: undefined, ended: { ref, worker, token, move } });
      return 'done';
    }
    if (isRepeated(delivery, move)) return 'repeated';
    this.totals.staleCommits += 1;
    return 'stale';
  }
}
