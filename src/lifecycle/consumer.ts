import type { Connection } from '../redis/connection.ts';
import { isNoGroup } from '../redis/faults.ts';
import { GROUP, PLACES, type QueueKeys } from '../redis/keys.ts';
import type { StreamReader } from '../redis/reads/stream-reader.ts';
import { type Awaited, type AwaitedQueue, awaitWork, type ReadListener } from './await-work.ts';
import { type Ability, canRun, classPrefix, taskReason } from './hold-class.ts';
import { LATENCY_TTL_MS, latencyWindow } from './latency-histogram.ts';
import { bury, buryAll } from './scripts/bury.ts';
import type { Completion, LatencyCounts, Settled } from './scripts/complete.ts';
import { type CompletedAndTaken, completeAndTake } from './scripts/complete-and-take.ts';
import { ensureGroups } from './scripts/ensure-groups.ts';
import { hold, type Unrunnable } from './scripts/holds/hold.ts';
import { holdClasses } from './scripts/holds/hold-classes.ts';
import { type Held, release } from './scripts/release.ts';
import { appendLog, type LogBatch } from './scripts/reports/append-log.ts';
import { noteCheckpoint } from './scripts/reports/note-checkpoint.ts';
import { noteProgress } from './scripts/reports/note-progress.ts';
import { type Failure, type Retry, retry, retryAll } from './scripts/retry.ts';
import type { TakeOptions } from './scripts/take.ts';

export type { Awaited, ReadListener } from './await-work.ts';
export type { Completion, Settled } from './scripts/complete.ts';
export type { Unrunnable } from './scripts/holds/hold.ts';
export type { Held } from './scripts/release.ts';
export type { Failure } from './scripts/retry.ts';
export { type Delivery, FIRST_READ, TAKEN_BYTES, type Taken, type TakeOptions } from './scripts/take.ts';

/** Deliveries of one consumer that one command reads. */
const PENDING_PAGE = 1_000;

/**
 * The moves that a worker makes with jobs. The consumer has one name in all queues, and its lease is under that name. If
 * a consumer group is missing (Redis was emptied, or a replica without it took over), it is recreated and the call
 * repeated.
 */
export class Consumer {
  readonly name: string;
  /** How often a missing group was recreated. */
  recreatedGroups = 0;
  readonly #redis: Connection;
  #dropRemoved: DropRemoved = async () => [];

  constructor(name: string, redis: Connection) {
    this.name = name;
    this.#redis = redis;
  }

  /** For a worker that serves some queues only while they exist. A removed queue has no deliveries, and gets no groups. */
  dropWith(dropRemoved: DropRemoved): void {
    this.#dropRemoved = dropRemoved;
  }

  /** Completes and takes in one script; `nowMs` is wall time and only chooses the window of the histogram. */
  completeAndTake(
    keys: QueueKeys,
    jobs: readonly Completion[],
    latency: ReadonlyMap<string, number>,
    nowMs: number,
    options: TakeOptions,
  ): Promise<CompletedAndTaken> {
    const counts = latencyCounts(keys, latency, nowMs);
    return this.withGroups(
      keys,
      () => completeAndTake(this.#redis, keys, this.name, jobs, counts, options),
      () => ({ settled: jobs.map(() => 'stale'), taken: { kind: 'no-lease' } }),
    );
  }

  retry(keys: QueueKeys, failure: Failure, delayMs: number): Promise<Settled> {
    const call = () => retry(this.#redis, keys, this.name, failure, delayMs);
    return this.withGroups(keys, call, () => 'stale');
  }

  /** As `retry`, for many; outcomes are in their order. */
  retryAll(keys: QueueKeys, retries: readonly Retry[]): Promise<Settled[]> {
    const call = () => retryAll(this.#redis, keys, this.name, retries);
    return this.withGroups(keys, call, () => retries.map(() => 'stale'));
  }

  /** @param maxDead most dead letters that the queue keeps. */
  bury(keys: QueueKeys, failure: Failure, maxDead: number): Promise<Settled> {
    const call = () => bury(this.#redis, keys, this.name, failure, maxDead);
    return this.withGroups(keys, call, () => 'stale');
  }

  /** As `bury`, for many; outcomes are in their order. */
  buryAll(keys: QueueKeys, failures: readonly Failure[], maxDead: number): Promise<Settled[]> {
    const call = () => buryAll(this.#redis, keys, this.name, failures, maxDead);
    return this.withGroups(keys, call, () => failures.map(() => 'stale'));
  }

  /** The jobs can be taken again after `delayMs`. */
  release(keys: QueueKeys, jobs: readonly Held[], delayMs = 0): Promise<Settled[]> {
    const call = () => release(this.#redis, keys, this.name, jobs, delayMs);
    return this.withGroups(keys, call, () => jobs.map(() => 'stale'));
  }

  /** The jobs wait for a worker that can run them. */
  hold(keys: QueueKeys, jobs: readonly Unrunnable[]): Promise<Settled[]> {
    const call = () => hold(this.#redis, keys, this.name, jobs);
    return this.withGroups(keys, call, () => jobs.map(() => 'stale'));
  }

  /** The classes of held jobs of which this consumer can run some. */
  async runnableClasses(keys: QueueKeys, ability: Ability): Promise<string[]> {
    const prefixes = ability.tasks?.map(classPrefix) ?? [taskReason('')];
    const classes = await holdClasses(this.#redis, keys, prefixes);
    return classes.filter((one) => canRun(ability, one));
  }

  recordProgress(keys: QueueKeys, delivery: Omit<Held, 'begun'>, progress: string): Promise<boolean> {
    const call = () => noteProgress(this.#redis, keys, this.name, delivery, progress);
    return this.withGroups(keys, call, () => false);
  }

  /** Keeps JSON text for the next attempt; resolves to false when the delivery is no longer this consumer's. */
  recordCheckpoint(keys: QueueKeys, delivery: Omit<Held, 'begun'>, checkpoint: string): Promise<boolean> {
    const call = () => noteCheckpoint(this.#redis, keys, this.name, delivery, checkpoint);
    return this.withGroups(keys, call, () => false);
  }

  /** Adds lines to the log of a job; resolves to false when the delivery is no longer this consumer's. */
  appendLog(keys: QueueKeys, delivery: Omit<Held, 'begun'>, batch: LogBatch): Promise<boolean> {
    const call = () => appendLog(this.#redis, keys, this.name, delivery, batch);
    return this.withGroups(keys, call, () => false);
  }

  async hasLease(keys: QueueKeys): Promise<boolean> {
    return (await this.#redis.zscore(keys.leases, this.name)) !== null;
  }

  /**
   * The deliveries that this consumer holds by the state of Redis. Some may never have arrived, if the reply to a read
   * was lost: the caller compares, and releases those.
   */
  async pendingDeliveries(keys: QueueKeys): Promise<Omit<Held, 'begun'>[]> {
    const pending: Omit<Held, 'begun'>[] = [];
    for (const place of PLACES) {
      for (let from = '-', more = true; more; ) {
        const read = () => this.#pendingRows(keys.stream[place], from);
        const rows = await this.withGroups(keys, read, () => []);
        pending.push(...rows.map(([entryId, , , token]) => ({ ref: { place, entryId }, token })));
        more = rows.length === PENDING_PAGE;
        from = `(${rows.at(-1)?.[0]}`;
      }
    }
    return pending;
  }

  async #pendingRows(stream: string, from: string): Promise<[string, string, number, number][]> {
    const rows = await this.#redis.xpending(stream, GROUP, from, '+', PENDING_PAGE, this.name);
    return rows as [string, string, number, number][];
  }

  /** @param ofRemoved what the call resolves to where the queue was dropped. Without it, the queue is made again. */
  protected async withGroups<T>(keys: QueueKeys, call: () => Promise<T>, ofRemoved?: () => T): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!isNoGroup(error)) throw error;
      const dropped = await this.recreateGroups([keys], ofRemoved !== undefined);
      return ofRemoved !== undefined && dropped.length > 0 ? ofRemoved() : call();
    }
  }

  /** Makes the groups of the queues, but for those that are dropped, and returns these. */
  protected async recreateGroups(
    queues: readonly QueueKeys[],
    mayDrop = true,
  ): Promise<readonly QueueKeys[]> {
    this.recreatedGroups += 1;
    const dropped = mayDrop ? await this.#dropRemoved(queues) : [];
    for (const keys of queues) if (!dropped.includes(keys)) await ensureGroups(this.#redis, keys);
    return dropped;
  }
}

/** Serves those of the queues no longer that were removed, and returns them. */
export type DropRemoved = (queues: readonly QueueKeys[]) => Promise<readonly QueueKeys[]>;

/** A consumer that can also wait for work. */
export class WaitingConsumer extends Consumer {
  readonly #reader: StreamReader;

  constructor(name: string, redis: Connection, reader: StreamReader) {
    super(name, redis);
    this.#reader = reader;
  }

  /** Blocks for at most `blockMs`; `interrupt` ends it early. Resolves to nothing when a group had to be recreated. */
  async awaitWork<Queue extends AwaitedQueue>(
    queues: readonly Queue[],
    blockMs: number,
    listener?: ReadListener<Queue>,
  ): Promise<Awaited[]> {
    try {
      return await awaitWork(this.#reader, this.name, queues, blockMs, listener);
    } catch (error) {
      if (!isNoGroup(error)) throw error;
      await this.recreateGroups(queues.map(({ keys }) => keys));
      // A recreated group delivers all entries again. Only `take` can tell which of them are new.
      return [];
    }
  }

  interrupt(): Promise<void> {
    return this.#reader.interrupt();
  }

  /** Ends also the reads that a Cluster keeps open between two calls. Resolves once what they brought has been told. */
  endReads(): Promise<void> {
    return this.#reader.endReads();
  }
}

export const latencyCounts = (
  keys: QueueKeys,
  counts: ReadonlyMap<string, number>,
  nowMs: number,
): LatencyCounts => ({
  key: keys.latency(latencyWindow(nowMs)),
  ttlMs: LATENCY_TTL_MS,
  counts,
});
