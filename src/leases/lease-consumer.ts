import { Consumer, latencyCounts } from '../lifecycle/consumer.ts';
import { presentRefs } from '../lifecycle/scripts/changes/present-refs.ts';
import type { Completion } from '../lifecycle/scripts/complete.ts';
import type { Connection } from '../redis/connection.ts';
import type { Ref } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import {
  type HeartbeatPosition,
  type HeartbeatReply,
  type HeartbeatScope,
  heartbeat,
} from './scripts/heartbeat.ts';
import { type JobLeaseState, readHeldJobs } from './scripts/held-jobs.ts';
import { type SettleAndTakeRequest, type SettledAndTaken, settleAndTake } from './scripts/settle-and-take.ts';

const TAKE_NOTHING: SettleAndTakeRequest = {
  count: 0,
  favouredLane: 0,
  share: 0,
  classes: [],
  byteBudget: 0,
  leaseMs: 0,
  requestDigest: undefined,
  highestToken: 0,
  isLeaseActive: false,
  isContinuation: false,
};

/** How a job stands towards a lease, and the ref of its present entry. */
export interface PlacedState {
  readonly state: JobLeaseState;
  readonly ref: Ref;
}

const NO_LATENCIES: ReadonlyMap<string, number> = new Map();

/** The Redis consumer that stands for an HTTP lease. Any API process may act for it. */
export class LeaseConsumer extends Consumer {
  readonly #redis: Connection;

  constructor(name: string, redis: Connection) {
    super(name, redis);
    this.#redis = redis;
  }

  /** Completes and takes in one script; `nowMs` is wall time and only chooses the window of the histogram. */
  settleAndTake(
    keys: QueueKeys,
    completions: readonly Completion[],
    latency: ReadonlyMap<string, number>,
    nowMs: number,
    request: SettleAndTakeRequest,
  ): Promise<SettledAndTaken> {
    const counts = latencyCounts(keys, latency, nowMs);
    return this.withGroups(keys, () =>
      settleAndTake(this.#redis, keys, this.name, completions, counts, request),
    );
  }

  /**
   * Ends the lease in the queue if it holds nothing there any more, once the jobs are completed. Returns whether it has
   * ended. Takes nothing.
   */
  async endIfIdle(keys: QueueKeys, completions: readonly Completion[] = []): Promise<boolean> {
    const { expiresAt } = await this.completeOnly(keys, completions);
    return expiresAt === undefined;
  }

  /** Ends deliveries, and takes nothing. The lease ends in the queue if it then holds nothing there. */
  completeOnly(keys: QueueKeys, completions: readonly Completion[]): Promise<SettledAndTaken> {
    // The window does not matter, since there are no latencies to count.
    return this.settleAndTake(keys, completions, NO_LATENCIES, 0, TAKE_NOTHING);
  }

  /** How each of the jobs stands towards the lease, in their order. The id of a changed job names an entry that it had before. */
  async readHeldJobs(
    keys: QueueKeys,
    refs: readonly Ref[],
    purpose: 'settle' | 'read',
  ): Promise<PlacedState[]> {
    const read = async (of: readonly Ref[]): Promise<PlacedState[]> => {
      const states = await readHeldJobs(this.#redis, keys, this.name, of, purpose);
      return states.map((state, i) => ({ state, ref: of[i] as Ref }));
    };
    const found = await read(refs);
    const unknown = found.filter(({ state }) => state.kind === 'none');
    if (unknown.length === 0) return found;
    const present = await presentRefs(
      this.#redis,
      keys,
      unknown.map(({ ref }) => ref),
    );
    const changed = unknown.flatMap((job, i) => (present[i] === undefined ? [] : [{ job, ref: present[i] }]));
    const foundAgain = await read(changed.map(({ ref }) => ref));
    const replaced = new Map(changed.map(({ job }, i) => [job, foundAgain[i]]));
    return found.map((job) => replaced.get(job) ?? job);
  }

  /** Renews the lease if it has not ended, and lists some of the jobs that it holds; `position`: where they begin. */
  heartbeat(
    keys: QueueKeys,
    leaseMs: number,
    which: HeartbeatScope,
    position?: HeartbeatPosition,
  ): Promise<HeartbeatReply> {
    return this.withGroups(keys, () => heartbeat(this.#redis, keys, this.name, leaseMs, which, position));
  }
}
