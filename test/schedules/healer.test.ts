import { afterEach, describe, expect, it } from 'vitest';
import { queueKeys } from '../../src/redis/keys.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { useSchedules } from '../helpers/schedules/scheduler.ts';

const redis = useRedis();
const schedules = useSchedules(redis);
const request = (queue: string, payload = 1) => ({ every: '1h', job: { task: 'echo', queue, payload } });

afterEach(() => redis.client.flushall());

const { heal } = schedules;

describe('after a process died, Healer', () => {
  it('adds a schedule to the index that the index does not have', async () => {
    await schedules.scheduler.put('lost', request('a'));
    await redis.client.del('mr:schedules');
    await expect(schedules.scheduler.get('lost')).rejects.toMatchObject({ code: 'schedule-not-found' });
    await heal();
    expect(await schedules.scheduler.get('lost')).toMatchObject({ id: 'lost' });
  });

  it('corrects an index that names the wrong queue', async () => {
    await schedules.scheduler.put('astray', request('a'));
    const location = await schedules.store.readLocation('astray');
    await schedules.store.setLocation('astray', location, { queue: 'b', version: 'died' });
    await heal();
    expect(await schedules.scheduler.get('astray')).toMatchObject({ job: { queue: 'a' } });
    expect(await redis.client.zcard(queueKeys('mr', 'a').slots)).toBe(1);
  });

  it('needs no run before a PUT creates a schedule that only the index has', async () => {
    await schedules.store.setLocation('early', undefined, { queue: 'a', version: 'died' });
    await expect(schedules.scheduler.get('early')).rejects.toMatchObject({ code: 'schedule-not-found' });
    expect(await redis.client.exists('mr:schedules')).toBe(0);
    expect(await schedules.scheduler.put('early', request('a'))).toMatchObject({ created: true });
  });

  it('stops watching a queue without schedules, unless one was added', async () => {
    await schedules.scheduler.put('gone', request('a'));
    await schedules.scheduler.remove('gone');
    expect(await redis.client.hkeys('mr:scheduled-queues')).toEqual(['a']);
    await heal();
    expect(await redis.client.exists('mr:scheduled-queues')).toBe(0);
    await schedules.scheduler.put('again', request('a'));
    await heal();
    expect(await redis.client.hkeys('mr:scheduled-queues')).toEqual(['a']);
  });
});

describe('many PUTs of one schedule at the same time', () => {
  it.each(Array.from({ length: 10 }, (_, i) => i))(
    'leave one schedule in one queue (round %i)',
    async (round) => {
      const queues = ['a', 'b', 'c', 'a', 'b', 'c'];
      const puts = queues.map((queue, i) => schedules.scheduler.put('raced', request(queue, round * 10 + i)));
      await Promise.allSettled([...puts, heal(), heal()]);
      const { queue = '' } = (await schedules.scheduler.get('raced')).job;
      const there = await Promise.all(
        ['a', 'b', 'c'].map(async (name) => {
          const keys = queueKeys('mr', name);
          return {
            name,
            count: (await redis.client.hlen(keys.schedules)) + (await redis.client.zcard(keys.slots)),
          };
        }),
      );
      expect(there).toEqual(['a', 'b', 'c'].map((name) => ({ name, count: name === queue ? 2 : 0 })));
    },
  );
});
