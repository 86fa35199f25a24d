import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Core } from '../core/core.ts';
import type { QueueRegistry } from '../core/queue-registry.ts';
import { AppError } from '../errors.ts';
import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import { timeAt } from '../redis/server-time.ts';
import { printJson } from '../schemas/json/json-text.ts';
import { storeLimit } from '../schemas/values/attempts.ts';
import { type DecodedSchedule, decodeSchedule, fireTimeOf } from './definition.ts';
import { compareAndSet } from './scripts/compare-and-set.ts';
import { lock, unlock } from './scripts/lock.ts';
import { readSchedules, type StoredSchedule, writeSchedule } from './scripts/schedules.ts';
import type { ScheduleDefinition, ScheduleState } from './stored.ts';

/** A schedule may fire between its read and its write. The writer then reads it again, at most this often. */
export const MAX_TRIES = 10;
/** Longer than a write takes. After a crash of the writer the lock expires by itself. */
const LOCK_MS = 5_000;
const LOCK_RETRY_MS = 25;
const LOCK_WAIT_MS = 2_000;

/** Where the index says a schedule is. */
export interface Location {
  queue: string;
  /** Changes with every write to the index. */
  version: string;
}

/** What a queue holds of a schedule, and when it was read. */
export interface ScheduleRead {
  keys: QueueKeys;
  /** Unix ms by the clock of Redis. */
  now: number;
  /** Absent when the queue does not hold the schedule. */
  stored: StoredSchedule | undefined;
  /** Also absent when the stored text cannot be decoded: another program or a later version may have written it. */
  decoded: DecodedSchedule | undefined;
}

export const busy = (id: string): AppError =>
  new AppError('schedule-busy', `Another request is changing the schedule "${id}". Send the request again.`);

export const newVersion = (): string => randomBytes(9).toString('base64url');

const encodeLocation = ({ queue, version }: Location): string => `${queue} ${version}`;

/** A draft has no fire time, so no process fires it. */
const nextFireTime = (id: string, definition: ScheduleDefinition, { from, next }: ScheduleState) =>
  from === undefined ? fireTimeOf(id, definition, next) : undefined;

/** Decodes a value of the index. */
export function decodeLocation(text: string): Location {
  const [queue = '', version = ''] = text.split(' ');
  return { queue, version };
}

/**
 * Schedules in Redis. A schedule is stored with its queue, so that one script can fire it. The index, stored apart, holds
 * the queue of each schedule. Changing a schedule takes its lock; firing uses compare-and-set only. See `move.ts`.
 */
export class ScheduleStore {
  readonly redis: Connection;
  readonly keySpace: KeySpace;
  readonly clock: Clock;
  readonly #queues: QueueRegistry;

  constructor({ redis, keySpace, clock, queues }: Pick<Core, 'redis' | 'keySpace' | 'clock' | 'queues'>) {
    this.redis = redis;
    this.keySpace = keySpace;
    this.clock = clock;
    this.#queues = queues;
  }

  async readLocation(id: string): Promise<Location | undefined> {
    const text = await this.redis.hget(this.keySpace.schedules, id);
    return text === null ? undefined : decodeLocation(text);
  }

  /** The locations of the ids, in their order. */
  async readLocations(ids: readonly string[]): Promise<(Location | undefined)[]> {
    if (ids.length === 0) return [];
    const found = await this.redis.hmget(this.keySpace.schedules, ...ids);
    return found.map((text) => (text === null ? undefined : decodeLocation(text)));
  }

  async read(id: string, queue: string): Promise<ScheduleRead> {
    const keys = this.keySpace.queue(queue);
    const { now, schedules } = await readSchedules(this.redis, keys, [id]);
    const [stored] = schedules;
    return { keys, now, stored, decoded: stored && decodeSchedule(stored) };
  }

  /** Unix ms by the clock of Redis, for schedules of the queue. */
  now(queue: string): Promise<number> {
    return timeAt(this.redis, this.keySpace.queue(queue).slots);
  }

  /** Runs `work` under the lock of the schedule. The lock does not stop firing. @throws {AppError} schedule-busy. */
  async withLock<T>(id: string, work: () => Promise<T>): Promise<T> {
    const key = this.keySpace.scheduleLock(id);
    const owner = newVersion();
    const deadline = this.clock.monotonic() + LOCK_WAIT_MS;
    while (!(await lock(this.redis, key, owner, LOCK_MS))) {
      if (this.clock.monotonic() > deadline) throw busy(id);
      await setTimeout(LOCK_RETRY_MS);
    }
    try {
      return await work();
    } finally {
      // The work is done even if the unlock fails: the lock then expires by itself.
      await unlock(this.redis, key, owner).catch(() => undefined);
    }
  }

  /** Makes all processes look for due schedules in the queue. The new version keeps a healer from undoing this. */
  async watchQueue(queue: string): Promise<void> {
    const { scheduledQueues } = this.keySpace;
    await Promise.all([
      this.redis.hset(scheduledQueues, queue, newVersion()),
      this.#queues.register([queue]),
    ]);
  }

  /** Undoes `watchQueue`, unless the queue was watched again since the version was read. */
  async unwatchQueue({ queue, version }: Location): Promise<void> {
    await compareAndSet(this.redis, [this.keySpace.scheduledQueues, queue], version, undefined);
  }

  /** Writes the location to the index; false when the index no longer holds `expected`. */
  setLocation(id: string, expected: Location | undefined, location: Location): Promise<boolean> {
    return compareAndSet(
      this.redis,
      [this.keySpace.schedules, id],
      expected && encodeLocation(expected),
      encodeLocation(location),
    );
  }

  /** Deletes the schedule from the index, unless the index holds another location. */
  async removeFromIndex(id: string, location: Location): Promise<void> {
    await compareAndSet(this.redis, [this.keySpace.schedules, id], encodeLocation(location), undefined);
  }

  /** Writes definition and state; false when the stored state is not `expected`. */
  write(
    keys: QueueKeys,
    { id, definition, state }: Omit<DecodedSchedule, 'stateText'>,
    expected: string | undefined,
  ): Promise<boolean> {
    return writeSchedule(this.redis, keys, {
      id,
      expected,
      definition: printJson({ ...definition, job: storeLimit(definition.job) }),
      state: JSON.stringify(state),
      fireAt: nextFireTime(id, definition, state),
    });
  }

  /** Writes the state alone; false when the stored state is not the one that was read. */
  writeState(
    keys: QueueKeys,
    { id, definition, stateText }: DecodedSchedule,
    state: ScheduleState,
  ): Promise<boolean> {
    const fireAt = nextFireTime(id, definition, state);
    return writeSchedule(this.redis, keys, { id, expected: stateText, state: JSON.stringify(state), fireAt });
  }

  /** Deletes the schedule from the queue; false when the stored state is not the one that was read. */
  remove(keys: QueueKeys, { id, state }: StoredSchedule): Promise<boolean> {
    return writeSchedule(this.redis, keys, { id, expected: state });
  }

  /** Lets the schedule fire later, for the same slot. */
  async postpone(keys: QueueKeys, { id, state }: StoredSchedule, fireAt: number): Promise<void> {
    await writeSchedule(this.redis, keys, { id, expected: state, state, fireAt });
  }
}
