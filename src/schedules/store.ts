import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import type { Connection } from '../redis/connect.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import { lock, unlock } from '../redis/scripts/lock.ts';
import { dropMark, keepMark } from '../redis/scripts/mark.ts';
import { readSchedules, type StoredSchedule, writeSchedule } from '../redis/scripts/schedules.ts';
import { redisTime } from '../redis/time.ts';
import type { ScheduleDefinition, ScheduleState } from '../schemas/stored-schedule.ts';
import { decodeSchedule, type Known, timeOf } from './definition.ts';

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

/** A schedule where it was looked for, and the time of the look; `known` is absent when it is not there. */
export interface Look {
  keys: QueueKeys;
  now: number;
  known: Known | undefined;
}

export const busy = (id: string): AppError =>
  new AppError('schedule-busy', `The schedule "${id}" is being written by others. Send the request again.`);

export const newMark = (): string => randomBytes(9).toString('base64url');

const encodeLocation = ({ queue, mark }: Location): string => `${queue} ${mark}`;

/** The queue of a location as it is stored. */
export function decodeLocation(text: string): Location {
  const [queue = '', mark = ''] = text.split(' ');
  return { queue, mark };
}

/** Fields and values of a hash, as HSCAN lists them. */
export function pairs(flat: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) found.push([flat[i] ?? '', flat[i + 1] ?? '']);
  return found;
}

/**
 * Schedules in Redis. One lives with its queue, so that firing it is one script; the index says which queue that is,
 * and lies elsewhere. Who makes, moves or removes a schedule has its lock, writes the index first, and looks at it again
 * afterwards; who fires, pauses or resumes one only compares its state.
 */
export class ScheduleStore {
  readonly redis: Connection;
  readonly keySpace: KeySpace;

  constructor(redis: Connection, keySpace: KeySpace) {
    this.redis = redis;
    this.keySpace = keySpace;
  }

  async locate(id: string): Promise<Location | undefined> {
    const text = await this.redis.hget(this.keySpace.schedules, id);
    return text === null ? undefined : decodeLocation(text);
  }

  async look(id: string, queue: string): Promise<Look> {
    const keys = this.keySpace.queue(queue);
    const { now, schedules } = await readSchedules(this.redis, keys, [id]);
    return { keys, now, known: schedules.map(decodeSchedule)[0] };
  }

  now(): Promise<number> {
    return redisTime(this.redis);
  }

  /** Does the work while nobody else makes, moves or removes the schedule. @throws {AppError} schedule-busy. */
  async alone<T>(id: string, work: () => Promise<T>): Promise<T> {
    const key = this.keySpace.scheduleLock(id);
    const mark = newMark();
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

  /** Says that the schedule is about to be in this queue, and makes the queue known. */
  async claim(id: string, location: Location): Promise<void> {
    const { schedules, scheduledQueues, queues } = this.keySpace;
    await Promise.all([
      this.redis.hset(schedules, id, encodeLocation(location)),
      this.redis.hset(scheduledQueues, location.queue, location.mark),
      this.redis.sadd(queues, location.queue),
    ]);
  }

  /** Puts back what was tidied away since the claim. */
  async confirm(id: string, location: Location): Promise<void> {
    const { schedules, scheduledQueues } = this.keySpace;
    await Promise.all([
      keepMark(this.redis, schedules, id, encodeLocation(location)),
      this.redis.hsetnx(scheduledQueues, location.queue, location.mark),
    ]);
  }

  forget(id: string, location: Location): Promise<void> {
    return dropMark(this.redis, this.keySpace.schedules, id, encodeLocation(location));
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
    id: string,
    expected: string | undefined,
    next: { definition: ScheduleDefinition; state: ScheduleState },
  ): Promise<boolean> {
    return writeSchedule(this.redis, keys, {
      id,
      expected,
      definition: JSON.stringify(next.definition),
      state: JSON.stringify(next.state),
      fireAt: timeOf(id, next.definition, next.state.next),
    });
  }

  /** False when the state is not any more what was read. */
  remove(keys: QueueKeys, id: string, expected: string): Promise<boolean> {
    return writeSchedule(this.redis, keys, { id, expected });
  }

  /** Removes what an accident has left of the schedule in this queue. */
  async clear(keys: QueueKeys, id: string): Promise<void> {
    const { schedules } = await readSchedules(this.redis, keys, [id]);
    for (const { state } of schedules) await this.remove(keys, id, state);
  }

  /** Lets others come first; the slot stays the same. */
  async postpone(keys: QueueKeys, { id, state }: StoredSchedule, fireAt: number): Promise<void> {
    await writeSchedule(this.redis, keys, { id, expected: state, state, fireAt });
  }
}
