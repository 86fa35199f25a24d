import { randomBytes } from 'node:crypto';
import type { Connection } from '../redis/connect.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import { dropMark, keepMark } from '../redis/scripts/mark.ts';
import { readSchedules, type StoredSchedule, writeSchedule } from '../redis/scripts/schedules.ts';
import { redisTime } from '../redis/time.ts';
import type { ScheduleDefinition, ScheduleState } from '../schemas/stored-schedule.ts';
import { decodeSchedule, type Known, timeOf } from './definition.ts';

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

export const newMark = (): string => randomBytes(9).toString('base64url');

const encodeLocation = ({ queue, mark }: Location): string => `${queue} ${mark}`;

/** The queue of a location as it is stored. */
export function decodeLocation(text: string): Location {
  const [queue = '', mark = ''] = text.split(' ');
  return { queue, mark };
}

/**
 * Schedules in Redis. One lives with its queue, so that firing it is one script; the index says which queue that is,
 * and lies elsewhere. A writer claims the id in the index before it writes the schedule and looks at the claim again
 * afterwards: of two that write at once, the last to claim wins.
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

  /** Says that the schedule is about to be in this queue, and makes the queue known. */
  async claim(id: string, location: Location): Promise<void> {
    const { schedules, scheduledQueues, queues } = this.keySpace;
    await Promise.all([
      this.redis.hset(schedules, id, encodeLocation(location)),
      this.redis.hset(scheduledQueues, location.queue, location.mark),
      this.redis.sadd(queues, location.queue),
    ]);
  }

  /** Whether the claim still stands; what was tidied away since is put back. */
  async confirm(id: string, location: Location): Promise<boolean> {
    const { schedules, scheduledQueues } = this.keySpace;
    const [stands] = await Promise.all([
      keepMark(this.redis, schedules, id, encodeLocation(location)),
      this.redis.hsetnx(scheduledQueues, location.queue, location.mark),
    ]);
    return stands;
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

  /** Removes a schedule from a queue in which it does not belong. */
  async evict(id: string, queue: string): Promise<void> {
    const { keys, known } = await this.look(id, queue);
    if (known !== undefined) await this.remove(keys, id, known.stateText);
  }

  /** Lets a schedule that cannot be fired rest until it is written again. */
  async stall(keys: QueueKeys, { id, state }: StoredSchedule): Promise<void> {
    await writeSchedule(this.redis, keys, { id, expected: state, state });
  }
}
