import type { Connection } from '../redis/connect.ts';
import type { Ref } from '../redis/entry.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { type Beat, beat } from '../redis/scripts/beat.ts';
import type { Completion } from '../redis/scripts/complete.ts';
import { type Holding, inspect } from '../redis/scripts/inspect.ts';
import { type Served, type Serving, serve } from '../redis/scripts/serve.ts';
import { Consumer, latencyCounts } from './consume.ts';

export type { Holding } from '../redis/scripts/inspect.ts';
export type { Served, Serving } from '../redis/scripts/serve.ts';

/** A consumer that is a lease given out over HTTP: any process of the API may act for it. */
export class LeasedConsumer extends Consumer {
  readonly #redis: Connection;

  constructor(name: string, redis: Connection) {
    super(name, redis);
    this.#redis = redis;
  }

  /** Completes and takes in one step; `nowMs` is wall time and only chooses the slot of the histogram. */
  serve(
    keys: QueueKeys,
    jobs: readonly Completion[],
    latency: ReadonlyMap<string, number>,
    nowMs: number,
    serving: Serving,
  ): Promise<Served> {
    const counts = latencyCounts(keys, latency, nowMs);
    return this.withGroups([keys], () => serve(this.#redis, keys, this.name, jobs, counts, serving));
  }

  /** What it has to do with each of the jobs, in their order. */
  inspect(keys: QueueKeys, refs: readonly Ref[], purpose: 'settle' | 'look'): Promise<Holding[]> {
    return inspect(this.#redis, keys, this.name, refs, purpose);
  }

  /** Renews the lease, and tells of at most `most` jobs that it holds; undefined when it has ended. */
  beat(keys: QueueKeys, leaseMs: number, most: number): Promise<Beat | undefined> {
    return this.withGroups([keys], () => beat(this.#redis, keys, this.name, leaseMs, most));
  }
}
