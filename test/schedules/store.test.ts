import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ScheduleStore } from '../../src/schedules/store.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { useOneSchedule } from '../helpers/schedules/scheduler.ts';

const redis = useRedis();
const one = useOneSchedule(redis);

afterEach(() => redis.client.flushall());

describe('ScheduleStore.withLock', () => {
  it('lets one writer of a schedule work at a time', async () => {
    const { store } = one.schedules;
    let working = 0;
    let most = 0;
    const work = async () => {
      working += 1;
      most = Math.max(most, working);
      await setImmediate();
      working -= 1;
    };
    await Promise.all(Array.from({ length: 5 }, () => store.withLock('s', work)));
    expect(most).toBe(1);
    expect(await redis.client.exists('mr:schedule-lock:s')).toBe(0);
  });

  it('does not lock other schedules', async () => {
    const { store } = one.schedules;
    const inner = await store.withLock('a', () => store.withLock('b', async () => 'done'));
    expect(inner).toBe('done');
  });

  it('rejects with schedule-busy when another writer keeps the lock for two seconds', async () => {
    const times = [0, 2_001];
    const clock = { wall: () => 0, monotonic: () => times.shift() ?? 2_001 };
    const late = new ScheduleStore({ ...createTestCore(redis.client), clock });
    await redis.client.set('mr:schedule-lock:s', 'other');
    await expect(late.withLock('s', async () => 'done')).rejects.toMatchObject({ code: 'schedule-busy' });
    expect(await redis.client.get('mr:schedule-lock:s')).toBe('other');
  });

  it('releases the lock when the work fails, but not the lock of a later owner', async () => {
    const { store } = one.schedules;
    const fail = () => Promise.reject(new Error('broken'));
    await expect(store.withLock('s', fail)).rejects.toThrow('broken');
    expect(await redis.client.exists('mr:schedule-lock:s')).toBe(0);
    await store.withLock('s', () => redis.client.set('mr:schedule-lock:s', 'later'));
    expect(await redis.client.get('mr:schedule-lock:s')).toBe('later');
  });
});

describe('ScheduleStore: the index', () => {
  const here = { queue: 'a', version: '1' };
  const there = { queue: 'b', version: '2' };

  it('changes only from the location that was read', async () => {
    const { store } = one.schedules;
    expect(await store.setLocation('s', undefined, here)).toBe(true);
    expect(await store.setLocation('s', undefined, there)).toBe(false);
    expect(await store.setLocation('s', { ...here, version: 'old' }, there)).toBe(false);
    expect(await store.readLocation('s')).toEqual(here);
    expect(await store.setLocation('s', here, there)).toBe(true);
    expect(await store.readLocations(['s', 'none'])).toEqual([there, undefined]);
  });

  it('loses a schedule only at the location that was read', async () => {
    const { store } = one.schedules;
    await store.setLocation('s', undefined, here);
    await store.removeFromIndex('s', there);
    expect(await store.readLocation('s')).toEqual(here);
    await store.removeFromIndex('s', here);
    expect(await store.readLocation('s')).toBeUndefined();
  });
});

describe('ScheduleStore.unwatchQueue', () => {
  it('keeps a queue that was watched again since its version was read', async () => {
    const { store } = one.schedules;
    const read = async () => (await redis.client.hget('mr:scheduled-queues', 'q')) ?? '';
    await store.watchQueue('q');
    const version = await read();
    await store.watchQueue('q');
    await store.unwatchQueue({ queue: 'q', version });
    expect(await read()).not.toBe('');
    await store.unwatchQueue({ queue: 'q', version: await read() });
    expect(await read()).toBe('');
    expect(await redis.client.smembers('mr:queues')).toEqual(['q']);
  });
});

describe('ScheduleStore: writes', () => {
  it('change nothing when the stored state is not the one that was read', async () => {
    const { store } = one.schedules;
    await one.put({ every: '1h' });
    const { keys, stored, decoded } = await store.read(one.queue, one.queue);
    if (stored === undefined || decoded === undefined) throw new Error('not stored');
    expect(await store.writeState(keys, decoded, { ...decoded.state, runs: 1 })).toBe(true);
    expect(await store.writeState(keys, decoded, { ...decoded.state, runs: 2 })).toBe(false);
    expect(await store.write(keys, decoded, stored.state)).toBe(false);
    expect(await store.remove(keys, stored)).toBe(false);
    expect((await store.read(one.queue, one.queue)).decoded?.state.runs).toBe(1);
  });

  it('leave the slot of a postponed schedule as it is', async () => {
    const { store } = one.schedules;
    await one.put({ every: '1h' });
    const { keys, stored } = await store.read(one.queue, one.queue);
    if (stored === undefined) throw new Error('not stored');
    await store.postpone(keys, stored, 12_345);
    expect(await redis.client.zscore(keys.slots, one.queue)).toBe('12345');
    expect((await store.read(one.queue, one.queue)).stored).toEqual(stored);
  });

  it('give a draft no fire time', async () => {
    const { store } = one.schedules;
    await one.put({ every: '1h' });
    const { keys, decoded } = await store.read(one.queue, one.queue);
    if (decoded === undefined) throw new Error('not stored');
    await store.writeState(keys, decoded, { ...decoded.state, from: 'old' });
    expect(await redis.client.zscore(keys.slots, one.queue)).toBeNull();
  });
});
