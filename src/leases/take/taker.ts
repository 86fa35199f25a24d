import type { Core } from '../../core/core.ts';
import { completionOf } from '../../lifecycle/completion.ts';
import { LaneFairness } from '../../lifecycle/lane-fairness.ts';
import { preflight, type RunnableTask } from '../../lifecycle/preflight.ts';
import type { Completion, Settled } from '../../lifecycle/scripts/complete.ts';
import type { Delivery } from '../../lifecycle/scripts/take.ts';
import { settleWithoutResult } from '../../lifecycle/settle-failure.ts';
import { decodeEntry, type Entry } from '../../redis/entry.ts';
import { maxAttempts, timeoutMs } from '../../redis/entry-options.ts';
import { entryTime, formatJobId } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import type { LeasedJob } from '../../schemas/lease.ts';
import { toTimestamp } from '../../schemas/values/timestamp.ts';
import type { AnnouncedTasks } from '../../tasks/directory.ts';
import type { LeaseConsumer } from '../lease-consumer.ts';

/** What is to be done under a lease in one queue. */
export interface TakeRequest {
  readonly consumer: LeaseConsumer;
  readonly keys: QueueKeys;
  readonly leaseMs: number;
  /** Tasks that the worker has; undefined: all. */
  readonly tasks: ReadonlySet<string> | undefined;
  /** Most jobs to take. */
  readonly count: number;
  /** What they may take up, bytes: see `Serving`. */
  readonly room: number;
  /** See `Serving`. */
  readonly request: string | undefined;
  readonly token: number;
  readonly isAlive: boolean;
  readonly isLater: boolean;
  readonly completions: readonly Completion[];
  readonly latency: ReadonlyMap<string, number>;
}

export interface TakeResult {
  /** Of the completions. */
  settled: Settled[];
  jobs: LeasedJob[];
  /** Length of their payloads, characters. */
  size: number;
  /** The deliveries of the jobs, to be handed back if nobody is there any more. */
  deliveries: Delivery[];
  /** See `Served`. */
  expiresAt: number | undefined;
  isPaused: boolean;
  /** The lease has ended: nothing was taken. */
  isLost: boolean;
  nextDueInMs: number | undefined;
  /** All that was taken needed no run, and so may what comes after it: there may be more. */
  mayBeMore: boolean;
}

/**
 * What the payloads of one answer may take up, bytes; it is more by as many jobs as are read at a time. An answer that is too
 * long would be lost, and of each of its jobs an attempt.
 */
export const MOST_BYTES = 8 * 1_048_576;

/** Jobs that need no run are ended, and others taken for them, so often at most for one request. */
const MOST_ROUNDS = 10;

/** Takes jobs for leases over HTTP, and ends those at once that are not to be run. */
export class Taker {
  readonly #core: Core;
  /** Of each queue. */
  readonly #shares = new WeakMap<QueueKeys, LaneFairness>();

  constructor(core: Core) {
    this.#core = core;
  }

  async run(order: TakeRequest): Promise<TakeResult> {
    const known = await this.#core.tasks.announced(order.keys);
    let out = await this.#round(order, known);
    for (let rounds = 1; out.mayBeMore && rounds < MOST_ROUNDS; rounds += 1) {
      const { settled } = out;
      const later = { ...order, isAlive: true, isLater: true, completions: [], latency: new Map() };
      out = { ...(await this.#round(later, known)), settled };
    }
    return out;
  }

  async #round(order: TakeRequest, known: AnnouncedTasks): Promise<TakeResult> {
    const { consumer, keys, count, room, leaseMs, request, token, isAlive, isLater } = order;
    const share = this.#shares.get(keys) ?? new LaneFairness();
    this.#shares.set(keys, share);
    const lane = count > 0 ? share.next() : { favouredLane: 0, share: 0 };
    const serving = { count, room, leaseMs, request, token, isAlive, isLater, ...lane };
    const served = await consumer.serve(keys, order.completions, order.latency, Date.now(), serving);
    const { taken, settled, expiresAt } = served;
    const out = {
      settled,
      expiresAt,
      jobs: [],
      size: 0,
      deliveries: [],
      isPaused: false,
      nextDueInMs: undefined,
      mayBeMore: false,
    };
    if (taken.kind === 'no-lease') return { ...out, isLost: true };
    if (count > 0) share.taken(taken.deliveries.length, count);
    const sorted = await this.#sort(order, taken.deliveries, known);
    return {
      ...out,
      jobs: sorted.jobs,
      size: sorted.deliveries.reduce((sum, { fields }) => sum + (fields[3]?.length ?? 0), 0),
      deliveries: sorted.deliveries,
      expiresAt: sorted.hasEnded ? undefined : expiresAt,
      isLost: false,
      isPaused: taken.paused,
      nextDueInMs: taken.nextDueInMs,
      mayBeMore: taken.deliveries.length > 0 && sorted.jobs.length === 0,
    };
  }

  /** Ends what is not to be run, and shows the rest; the lease may have ended with it. */
  async #sort(order: TakeRequest, deliveries: readonly Delivery[], known: AnnouncedTasks) {
    const { consumer, keys, tasks } = order;
    const jobs: LeasedJob[] = [];
    const kept: Delivery[] = [];
    const completions: Completion[] = [];
    const others: Promise<unknown>[] = [];
    const find = (name: string): RunnableTask | undefined =>
      tasks?.has(name) === false
        ? undefined
        : { ...known.defaults(name), name, validateInput: (payload) => known.checkPayload(name, payload) };
    for (const delivery of deliveries) {
      const entry = decodeEntry(delivery.fields);
      const judged = preflight(delivery, entry, find, Date.now());
      if (judged === undefined && entry !== undefined) {
        jobs.push(leasedJob(delivery, entry, known));
        kept.push(delivery);
      } else if (judged !== undefined) {
        const ref = { place: delivery.place, entryId: delivery.entryId };
        const ending = { entry, ref, token: delivery.token, attempt: delivery.attempt };
        const task = entry && known.defaults(entry.task);
        if (judged.kind === 'cancelled' || judged.kind === 'expired') {
          completions.push(completionOf(ending, judged, task, this.#core.settings.resultTtlMs));
        } else
          others.push(settleWithoutResult(consumer, keys, ending, judged, task, this.#core.settings.deadMax));
      }
    }
    await Promise.all(others);
    const mayHaveEnded = others.length > 0 && jobs.length === 0;
    const hasEnded = (completions.length > 0 || mayHaveEnded) && (await consumer.finish(keys, completions));
    return { jobs, deliveries: kept, hasEnded };
  }
}

function leasedJob(delivery: Delivery, entry: Entry, known: AnnouncedTasks): LeasedJob {
  const { keys, place, entryId, attempt } = delivery;
  const defaults = known.defaults(entry.task);
  return {
    id: formatJobId(keys.queue, { place, entryId }),
    queue: keys.queue,
    task: entry.task,
    payload: entry.value,
    attempt,
    maxAttempts: maxAttempts(entry.options, defaults),
    timeoutMs: timeoutMs(entry.options, defaults),
    ...(entry.options.m && { metadata: entry.options.m }),
    createdAt: toTimestamp(entryTime(entryId)),
  };
}
