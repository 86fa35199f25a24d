import { afterEach, describe, expect, it } from 'vitest';
import { queueKeys } from '../../src/redis/keys.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { useSchedules } from '../helpers/schedules/scheduler.ts';

const redis = useRedis();
const schedules = useSchedules(redis);
const wish = (queue: string, payload = 1) => ({ every: '1h', job: { task: 'echo', queue, payload } });

afterEach(() => redis.client.flushall());

const { heal } = schedules;

describe('what a process leaves behind that dies', () => {
  it('after it wrote a schedule that the index does not know: it is found again', async () => {
    await schedules.scheduler.put('lost', wish('a'));
    await redis.client.del('mr:schedules');
    await expect(schedules.scheduler.get('lost')).rejects.toMatchObject({ code: 'schedule-not-found' });
    await heal();
    expect(await schedules.scheduler.get('lost')).toMatchObject({ id: 'lost' });
  });

  it('while the index says that a schedule is where it is not: it is found again', async () => {
    await schedules.scheduler.put('astray', wish('a'));
    const location = await schedules.store.readLocation('astray');
    await schedules.store.setLocation('astray', location, { queue: 'b', version: 'died' });
    await heal();
    expect(await schedules.scheduler.get('astray')).toMatchObject({ job: { queue: 'a' } });
    expect(await redis.client.zcard(queueKeys('mr', 'a').slots)).toBe(1);
  });

  it('after it removed a schedule that the index still knows: it is not there, and a PUT makes it', async () => {
    await schedules.store.setLocation('early', undefined, { queue: 'a', version: 'died' });
    await expect(schedules.scheduler.get('early')).rejects.toMatchObject({ code: 'schedule-not-found' });
    expect(await redis.client.exists('mr:schedules')).toBe(0);
    expect(await schedules.scheduler.put('early', wish('a'))).toMatchObject({ created: true });
  });

  it('after a removal: the queue is looked at no more, unless a schedule has come', async () => {
    await schedules.scheduler.put('gone', wish('a'));
    await schedules.scheduler.remove('gone');
    expect(await redis.client.hkeys('mr:scheduled-queues')).toEqual(['a']);
    await heal();
    expect(await redis.client.exists('mr:scheduled-queues')).toBe(0);
    await schedules.scheduler.put('again', wish('a'));
    await heal();
    expect(await redis.client.hkeys('mr:scheduled-queues')).toEqual(['a']);
  });
});

describe('many who write one schedule at once', () => {
  it.each(Array.from({ length: 10 }, (_, i) => i))(
    'leave one of them, in one queue (round %i)',
    async (round) => {
      const queues = ['a', 'b', 'c', 'a', 'b', 'c'];
      const puts = queues.map((queue, i) => schedules.scheduler.put('raced', wish(queue, round * 10 + i)));
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
