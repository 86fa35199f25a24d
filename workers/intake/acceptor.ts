import type { Clock } from '../../src/clock.ts';
import type { Delivery, Taken } from '../../src/lifecycle/consumer.ts';
import { decodeEntry } from '../../src/redis/entry.ts';
import { RunningJob } from '../run/running-job.ts';
import type { ConcurrencyLimiter } from './concurrency-limiter.ts';
import type { Releaser } from './releaser.ts';

/** Passes delivered jobs to the limiter, and releases those that cannot run here. */
export class Acceptor {
  readonly #limiter: ConcurrencyLimiter<RunningJob>;
  readonly #releaser: Releaser;
  readonly #clock: Clock;
  #isStopped = false;
  /** Redis time minus local wall time at the last take, ms. */
  #clockOffsetMs = 0;

  constructor(limiter: ConcurrencyLimiter<RunningJob>, releaser: Releaser, clock: Clock) {
    this.#limiter = limiter;
    this.#releaser = releaser;
    this.#clock = clock;
  }

  /** Current Redis time, Unix ms, estimated from the last take. */
  get redisNow(): number {
    return this.#clock.wall() + this.#clockOffsetMs;
  }

  /** Accepts all jobs of a take: slots were reserved for them, even if the capacity has shrunk since. */
  acceptTaken({ now, deliveries }: Taken & { kind: 'taken' }): void {
    this.#clockOffsetMs = now - this.#clock.wall();
    this.#accept(deliveries, deliveries.length);
  }

  /** Accepts jobs while there are free slots: a blocking read returns a job of each lane, however few are free. */
  acceptRead(deliveries: readonly Delivery[]): void {
    this.#accept(deliveries, this.#limiter.freeSlots);
  }

  release(deliveries: readonly Delivery[]): void {
    this.#releaser.release(deliveries.map(toRunningJob));
  }

  /** Releases jobs that have not started, and all that are delivered from now on. */
  stop(): void {
    this.#isStopped = true;
    this.#limiter.releaseWaiting();
  }

  #accept(deliveries: readonly Delivery[], limit: number): void {
    const jobs = deliveries.map(toRunningJob);
    const most = this.#isStopped ? 0 : limit;
    this.#limiter.accept(jobs.slice(0, most));
    this.#releaser.release(jobs.slice(most));
  }
}

const toRunningJob = (delivery: Delivery): RunningJob =>
  new RunningJob(delivery, decodeEntry(delivery.fields));
