import type { Clock } from '../../src/clock.ts';
import type { Consumer, Delivery, Taken } from '../../src/lifecycle/consumer.ts';
import type { Observer } from '../../src/observer.ts';
import { parseEntry } from '../../src/redis/entry.ts';
import { RunningJob } from '../run/running-job.ts';
import type { ConcurrencyLimiter } from './concurrency-limiter.ts';
import type { Releaser } from './releaser.ts';

export interface AcceptorParts {
  consumer: Consumer;
  limiter: ConcurrencyLimiter<RunningJob>;
  releaser: Releaser;
  clock: Clock;
  observe: Observer;
}

/** Passes delivered jobs to the limiter, and releases those that cannot run here. */
export class Acceptor {
  readonly #parts: AcceptorParts;
  #isStopped = false;
  /** Redis time minus local wall time at the last take, ms. */
  #clockOffsetMs = 0;

  constructor(parts: AcceptorParts) {
    this.#parts = parts;
  }

  /** Current Redis time, Unix ms, estimated from the last take. */
  get redisNow(): number {
    return this.#parts.clock.wall() + this.#clockOffsetMs;
  }

  /** Accepts all jobs of a take: slots were reserved for them, even if the capacity has shrunk since. */
  acceptTaken({ now, deliveries }: Taken & { kind: 'taken' }): void {
    this.#clockOffsetMs = now - this.#parts.clock.wall();
    this.#accept(deliveries, deliveries.length);
  }

  /** Accepts jobs while there are free slots: a blocking read returns a job of each lane, however few are free. */
  acceptRead(deliveries: readonly Delivery[]): void {
    this.#accept(deliveries, this.#parts.limiter.freeSlots);
  }

  /** Accepts jobs that came while nobody waited for them. Some may wait for a moment, since short jobs soon make room. */
  acceptEarly(deliveries: readonly Delivery[]): void {
    this.#accept(deliveries, this.#parts.limiter.freePlaces);
  }

  release(deliveries: readonly Delivery[]): void {
    this.#parts.releaser.release(deliveries.map(toRunningJob));
  }

  /** Releases jobs that have not started, and all that are delivered from now on. */
  stop(): void {
    this.#isStopped = true;
    this.#parts.limiter.releaseWaiting();
  }

  #accept(deliveries: readonly Delivery[], limit: number): void {
    const { consumer, limiter, releaser, observe } = this.#parts;
    observeTaken(observe, consumer.name, deliveries);
    const jobs = deliveries.map(toRunningJob);
    const most = this.#isStopped ? 0 : limit;
    limiter.accept(jobs.slice(0, most));
    releaser.release(jobs.slice(most));
  }
}

const toRunningJob = (delivery: Delivery): RunningJob =>
  new RunningJob(delivery, parseEntry(delivery.fields));

/** Reports how many jobs of each queue one call took. */
function observeTaken(observe: Observer, lease: string, deliveries: readonly Delivery[]): void {
  if (deliveries.length === 0 || !observe.wants('jobs-taken')) return;
  const jobsOf = new Map<string, number>();
  for (const { keys } of deliveries) jobsOf.set(keys.queue, (jobsOf.get(keys.queue) ?? 0) + 1);
  for (const [queue, jobs] of jobsOf) observe({ kind: 'jobs-taken', queue, lease, jobs });
}
