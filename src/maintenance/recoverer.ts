import { attemptSubject } from '../attempts/attempt-events.ts';
import type { Core } from '../core/core.ts';
import { cancelJob, expireDue } from '../lifecycle/cancel-and-expire.ts';
import { ensureGroups } from '../lifecycle/scripts/ensure-groups.ts';
import { type LostAttempt, WORKER_LOST } from '../lifecycle/scripts/fragments/lost-attempts.ts';
import { type GivenUp, type Recovery, recover } from '../lifecycle/scripts/recover.ts';
import { WAKE_HORIZON_MS } from '../lifecycle/wake.ts';
import { primaryOf } from '../redis/cluster/primaries.ts';
import { WORKER_BLOCK_MS } from '../redis/connect.ts';
import { isNoGroup } from '../redis/faults.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { EachPrimary } from './each-primary.ts';

/** The API looks this often: HTTP leases may be short. So does a worker while jobs of the queue can expire. */
const MAX_DELAY_MS = 1_000;
const MIN_DELAY_MS = 20;
/** A worker looks this often: it knows when each lease ends, and what is due within `WAKE_HORIZON_MS` wakes a worker by itself. */
const WORKER_DELAY_MS = WAKE_HORIZON_MS - 1_000;
/** Where more workers look after a queue, each looks less often: half as often, where they are twice as many or more. */
const MANY_WORKERS = 8;
const LONGEST_TURN = 2;
/** A job that is due this long after the next pass is announced by this one. */
const AHEAD_MARGIN_MS = 1_000;
/**
 * While Redis was unavailable every lease may have expired, though its worker lives. Workers reconnect at least once a
 * second, so give them the time to renew first.
 */
const AFTER_ERROR_MS = 2_000;
/** Each primary is asked once, so that this is longer than an answer takes. */
const GIVE_UP_PATIENCE_MS = 10_000;

/** In a queue that was removed. */
const NOTHING_TO_RECOVER: Recovery = {
  recovered: 0,
  nextExpiryInMs: undefined,
  more: false,
  cancelled: [],
  hasExpired: false,
  mayExpire: false,
  lostAttempts: [],
  leases: 0,
};

/** Recovers the jobs of expired leases, and ends expired jobs. */
export class Recoverer {
  readonly #core: Core;
  readonly #queues: () => Iterable<QueueKeys>;
  readonly #ownLeases: number;
  readonly #aheadMs: number;
  readonly #mostLeases: number;
  readonly #each: EachPrimary;
  /** Queues that could not be asked, or until when they are left alone after that, monotonic ms. */
  readonly #rests = new Map<string, 'failed' | number>();

  /**
   * @param queues the queues to maintain; called in every pass.
   * @param ownLeases leases of this worker in each queue. Infinite: the others may look after nothing.
   */
  constructor(core: Core, queues: () => Iterable<QueueKeys>, ownLeases = Number.POSITIVE_INFINITY) {
    this.#core = core;
    this.#each = new EachPrimary(core.redis);
    this.#queues = queues;
    this.#ownLeases = ownLeases;
    const longestMs = Number.isFinite(ownLeases) ? LONGEST_TURN * WORKER_DELAY_MS : MAX_DELAY_MS;
    this.#aheadMs = longestMs + AHEAD_MARGIN_MS;
    this.#mostLeases = Number.isFinite(ownLeases) ? LONGEST_TURN * MANY_WORKERS * ownLeases : 1;
  }

  /** One pass over all queues; resolves to the time until the next one, ms. */
  readonly run = async (): Promise<number> => {
    let delay = Number.POSITIVE_INFINITY;
    await this.#each.run(this.#queues(), async (group) => {
      delay = Math.min(delay, await this.#recoverAll(group));
    });
    return Number.isFinite(delay) ? delay : MAX_DELAY_MS;
  };

  /** Of one primary. Resolves to the time until the next pass, ms. */
  async #recoverAll(group: readonly QueueKeys[]): Promise<number> {
    const restMs = await this.#restMs(group);
    if (restMs > 0) return restMs;
    let delay = Number.POSITIVE_INFINITY;
    try {
      for (const keys of group) delay = Math.min(delay, await this.#recoverNow(keys));
      return delay;
    } catch (error) {
      for (const { queue } of group) this.#rests.set(queue, 'failed');
      throw error;
    }
  }

  /** How long the queues must still be left alone after a failure, ms. @throws {Error} when Redis is still unavailable. */
  async #restMs(group: readonly QueueKeys[]): Promise<number> {
    if (this.#rests.size === 0) return 0;
    const now = this.#core.clock.monotonic();
    const failed = group.filter(({ queue }) => this.#rests.get(queue) === 'failed');
    const [first] = failed;
    const redis = first && primaryOf(this.#core.redis, first.leases);
    await redis?.ping();
    for (const { queue } of failed) this.#rests.set(queue, now + AFTER_ERROR_MS);
    let restMs = 0;
    for (const { queue } of group) {
      const until = this.#rests.get(queue);
      if (until === undefined || until === 'failed') continue;
      restMs = Math.max(restMs, until - now);
    }
    if (restMs <= 0) for (const { queue } of group) this.#rests.delete(queue);
    return restMs;
  }

  async #recoverNow(keys: QueueKeys): Promise<number> {
    const recovery = await this.#recover(keys);
    const hasMore = (recovery.hasExpired && (await expireDue(this.#core, keys))) || recovery.more;
    // All leases of now are known, so none ends unseen before its time, however seldom this worker looks.
    const inMs = Math.min(this.#turnMs(recovery), recovery.nextExpiryInMs ?? Number.POSITIVE_INFINITY);
    return hasMore ? 0 : Math.max(MIN_DELAY_MS, inMs);
  }

  /** Until this process looks again, ms. */
  #turnMs({ leases, mayExpire }: Recovery): number {
    if (mayExpire || !Number.isFinite(this.#ownLeases)) return MAX_DELAY_MS;
    const share = leases / this.#ownLeases / MANY_WORKERS;
    return WORKER_DELAY_MS * Math.min(LONGEST_TURN, Math.max(1, share));
  }

  /**
   * Recovers the jobs of one consumer now, since its process has ended. Without a `clean` end the server may still hold
   * a blocking read of the consumer, so its lease stays until such a read has ended.
   */
  async giveUp(consumer: string, { clean, how }: { clean: boolean; how: string }): Promise<void> {
    const lingerMs = clean ? 0 : WORKER_BLOCK_MS + 1_000;
    await new EachPrimary(this.#core.redis, GIVE_UP_PATIENCE_MS).run(this.#queues(), async (group) => {
      for (const keys of group) {
        for (let more = true; more; ) ({ more } = await this.#recover(keys, { consumer, lingerMs, how }));
      }
    });
  }

  async #recover(keys: QueueKeys, givenUp?: GivenUp): Promise<Recovery> {
    const recovery = await this.#recoverWithGroups(keys, givenUp);
    const { recovered: jobs, cancelled } = recovery;
    if (jobs > 0) {
      const cause = givenUp ? 'process-ended' : 'lease-ran-out';
      const lease = givenUp && { lease: givenUp.consumer };
      this.#core.observe({ kind: 'recovered', queue: keys.queue, jobs, cause, ...lease });
    }
    for (const lost of recovery.lostAttempts) this.#tellLost(keys, lost);
    for (const ref of cancelled) await cancelJob(this.#core, keys, ref);
    return recovery;
  }

  #tellLost(keys: QueueKeys, { ref, entry, attempt, consumer, message, runMs }: LostAttempt): void {
    const subject = attemptSubject(keys, { ref, entry, attempt }, consumer);
    this.#core.observe({ kind: 'attempt-lost', ...subject, error: message, errorName: WORKER_LOST, runMs });
  }

  async #recoverWithGroups(keys: QueueKeys, givenUp?: GivenUp): Promise<Recovery> {
    const { redis, observe, queues } = this.#core;
    const options = {
      aheadMs: this.#aheadMs,
      mostLeases: this.#mostLeases,
      isTold: observe.wants('attempt-lost'),
    };
    try {
      return await recover(redis, keys, givenUp, options);
    } catch (error) {
      if (!isNoGroup(error)) throw error;
      const { length: removed } = await queues.withoutStreams([keys]);
      if (removed > 0) return NOTHING_TO_RECOVER;
      await ensureGroups(redis, keys);
      return recover(redis, keys, givenUp, options);
    }
  }
}
