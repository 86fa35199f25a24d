import { Consumer, latencyCounts } from '../lifecycle/consumer.ts';
import type { Completion } from '../lifecycle/scripts/complete.ts';
import type { Connection } from '../redis/connection.ts';
import type { Ref } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { type HeartbeatReply, heartbeat } from './scripts/heartbeat.ts';
import { type Holding, readHeldJobs } from './scripts/held-jobs.ts';
import { type SettleAndTakeRequest, type SettledAndTaken, settleAndTake } from './scripts/settle-and-take.ts';

export type { Holding } from './scripts/held-jobs.ts';
export type {
  SettleAndTakeRequest as Serving,
  SettledAndTaken as Served,
} from './scripts/settle-and-take.ts';

const TAKE_NOTHING: SettleAndTakeRequest = {
  count: 0,
  favouredLane: 0,
  share: 0,
  room: 0,
  leaseMs: 0,
  request: undefined,
  token: 0,
  isAlive: false,
  isLater: false,
};

/** A consumer that is a lease given out over HTTP: any process of the API may act for it. */
export class LeaseConsumer extends Consumer {
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
    serving: SettleAndTakeRequest,
  ): Promise<SettledAndTaken> {
    const counts = latencyCounts(keys, latency, nowMs);
    return this.withGroups([keys], () => settleAndTake(this.#redis, keys, this.name, jobs, counts, serving));
  }

  /** Completes and takes nothing: the lease ends in the queue if it holds nothing there any more, which is true then. */
  async finish(keys: QueueKeys, jobs: readonly Completion[]): Promise<boolean> {
    const { expiresAt } = await this.serve(keys, jobs, new Map(), Date.now(), TAKE_NOTHING);
    return expiresAt === undefined;
  }

  /** What it has to do with each of the jobs, in their order. */
  inspect(keys: QueueKeys, refs: readonly Ref[], purpose: 'settle' | 'look'): Promise<Holding[]> {
    return readHeldJobs(this.#redis, keys, this.name, refs, purpose);
  }

  /** Renews the lease if it has not ended, and tells of at most `most` jobs that it holds. */
  beat(keys: QueueKeys, leaseMs: number, most: number): Promise<HeartbeatReply> {
    return this.withGroups([keys], () => heartbeat(this.#redis, keys, this.name, leaseMs, most));
  }
}
