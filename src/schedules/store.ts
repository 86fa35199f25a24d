import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Core } from '../core/core.ts';
import type { QueueRegistry } from '../core/queue-registry.ts';
import { AppError } from '../errors.ts';
import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import { redisTime } from '../redis/server-time.ts';
import { decodeSchedule, type ReadSchedule, timeOf } from './definition.ts';
import { compareAndSet } from './scripts/compare-and-set.ts';
import { lock, unlock } from './scripts/lock.ts';
import { readSchedules, type StoredSchedule, writeSchedule } from './scripts/schedules.ts';
import type { ScheduleDefinition, ScheduleState } from './stored.ts';

/** A schedule may be fired while it is written: it is then read again, but not for ever. */
export const MOST_TRIES = 10;
/** Longer than a write takes; a writer that dies keeps others out for so long. */
const LOCK_MS = 5_000;
const LOCK_AGAIN_MS = 25;
const LOCK_WAIT_MS = 2_000;

/** Where a schedule is: its queue, and a mark of whoever wrote that last. */
export interface Location {
  queue: string;
  mark: string;
}

/** A schedule where it was looked for, and the time of the look. */
export interface Look {
  keys: QueueKeys;
  now: number;
  /** Absent when it is not there. */
  stored: StoredSchedule | undefined;
  /** Absent also when what is there cannot be read: anybody may write into Redis, and so may a later version. */
  known: ReadSchedule | undefined;
}

export const busy = (id: string): AppError =>
  new AppError('schedule-busy', `The schedule "${id}" is being written by others. Send the request again.`);

export const newVersion = (): string => randomBytes(9).toString('base64url');

const encodeLocation = ({ queue, mark }: Location): string => `${queue} ${mark}`;

/** Nobody fires what is being written. */
const scoreOf = (id: string, definition: ScheduleDefinition, { from, next }: ScheduleState) =>
  from === undefined ? timeOf(id, definition, next) : undefined;

/** The queue of a location as it is stored. */
export function decodeLocation(text: string): Location {
  const [queue = '', mark = ''] = text.split(' ');
  return { queue, mark };
}

/**
 * Schedules in Redis. One lives with its queue, so that firing it is one script; the index says which queue that is,
 * and lies elsewhere. Who changes a schedule has its lock; who fires one only compares its state. How it comes into a
 * queue: see `move.ts`.
 */
export class ScheduleStore {
  readonly redis: Connection;
  readonly keySpace: KeySpace;
  readonly #queues: QueueRegistry;

  constructor({ redis, keySpace, queues }: Pick<Core, 'redis' | 'keySpace' | 'queues'>) {
    this.redis = redis;
    this.keySpace = keySpace;
    this.#queues = queues;
  }

  async locate(id: string): Promise<Location | undefined> {
    const text = await this.redis.hget(this.keySpace.schedules, id);
    return text === null ? undefined : decodeLocation(text);
  }

  async look(id: string, queue: string): Promise<Look> {
    const keys = this.keySpace.queue(queue);
    const { now, schedules } = await readSchedules(this.redis, keys, [id]);
    const [stored] = schedules;
    return { keys, now, stored, known: stored && decodeSchedule(stored) };
  }

  now(): Promise<number> {
    return redisTime(this.redis);
  }

  /** Does the work while nobody else changes the schedule, but for firing it. @throws {AppError} schedule-busy. */
  async alone<T>(id: string, work: () => Promise<T>): Promise<T> {
    const key = this.keySpace.scheduleLock(id);
    const mark = newVersion();
    const deadline = performance.now() + LOCK_WAIT_MS;
    while (!(await lock(this.redis, key, mark, LOCK_MS))) {
      if (performance.now() > deadline) throw busy(id);
      await setTimeout(LOCK_AGAIN_MS);
    }
    try {
      return await work();
    } finally {
      // The work counts, whatever becomes of the lock: it opens by itself.
      await unlock(this.redis, key, mark).catch(() => undefined);
    }
  }

  /** Lets the queue be looked at. With a new mark each time: whoever has found it empty before does not dismiss it. */
  async announce(queue: string): Promise<void> {
    const { scheduledQueues } = this.keySpace;
    await Promise.all([
      this.redis.hset(scheduledQueues, queue, newVersion()),
      this.#queues.register([queue]),
    ]);
  }

  /** Lets the index say where the schedule is; false when it does not say any more what was read. */
  point(id: string, was: Location | undefined, location: Location): Promise<boolean> {
    return compareAndSet(
      this.redis,
      [this.keySpace.schedules, id],
      was && encodeLocation(was),
      encodeLocation(location),
    );
  }

  /** Takes the schedule out of the index, unless that says something else by now. */
  async forget(id: string, location: Location): Promise<void> {
    await compareAndSet(this.redis, [this.keySpace.schedules, id], encodeLocation(location), undefined);
  }

  /** Looks at the queue no more, unless it was announced meanwhile. */
  async dismiss({ queue, mark }: Location): Promise<void> {
    await compareAndSet(this.redis, [this.keySpace.scheduledQueues, queue], mark, undefined);
  }

  /** Tells which of the ids the index has, and where. */
  async locateAll(ids: readonly string[]): Promise<(Location | undefined)[]> {
    if (ids.length === 0) return [];
    const found = await this.redis.hmget(this.keySpace.schedules, ...ids);
    return found.map((text) => (text === null ? undefined : decodeLocation(text)));
  }

  /** False when the state is not any more what was read. */
  write(
    keys: QueueKeys,
    { id, definition, state }: Omit<ReadSchedule, 'stateText'>,
    expected: string | undefined,
  ): Promise<boolean> {
    return writeSchedule(this.redis, keys, {
      id,
      expected,
      definition: JSON.stringify(definition),
      state: JSON.stringify(state),
      fireAt: scoreOf(id, definition, state),
    });
  }

  /** Writes another state; the definition stays. False when the state is not any more what was read. */
  change(
    keys: QueueKeys,
    { id, definition, stateText }: ReadSchedule,
    state: ScheduleState,
  ): Promise<boolean> {
    const fireAt = scoreOf(id, definition, state);
    return writeSchedule(this.redis, keys, { id, expected: stateText, state: JSON.stringify(state), fireAt });
  }

  /** False when the state is not any more what was read. */
  remove(keys: QueueKeys, { id, state }: StoredSchedule): Promise<boolean> {
    return writeSchedule(this.redis, keys, { id, expected: state });
  }

  /** Lets others come first; the slot stays the same. */
  async postpone(keys: QueueKeys, { id, state }: StoredSchedule, fireAt: number): Promise<void> {
    await writeSchedule(this.redis, keys, { id, expected: state, state, fireAt });
  }
}
