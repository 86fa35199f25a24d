import { describe, expect, it } from 'vitest';

import { LATE_MS } from '../../src/schedules/timetable/plan.ts';
import { isOnCluster, until, useRedis } from '../helpers/redis/server.ts';
import { HOUR, MINUTE, useOneSchedule } from '../helpers/schedules/scheduler.ts';

const redis = useRedis();
const one = useOneSchedule(redis);
const { schedules, put, moveBack, slots, shown, fireAll } = one;

describe('Firer: a slot', () => {
  it('fires at its time, and its job carries the label of the slot', async () => {
    await put({ cron: '* * * * * *', job: { task: 'echo', payload: { n: 1 }, metadata: { own: 'label' } } });
    const { nextAt } = await shown();
    const firer = schedules.newFirer();
    expect(await firer.run()).toBeGreaterThan(0);
    await until(async () => (await firer.run()) >= 0 && (await slots()).length > 0, 'the first slot');
    expect((await slots())[0]).toBe(nextAt);
    const [[id, fields] = ['', []]] = await redis.client.xrange(one.keys.stream.normal, '-', '+');
    expect(Number(id.split('-')[0])).toBeGreaterThanOrEqual(Date.parse(nextAt ?? ''));
    expect(fields).toEqual([
      't',
      'echo',
      'p',
      '{"n":1}',
      'o',
      JSON.stringify({ m: { own: 'label', schedule: `${one.queue}/${nextAt}` } }),
    ]);
  });

  it('fires once, however many processes fire', async () => {
    await put({ every: '1s', misfire: 'all' });
    await moveBack(50_000);
    const firers = Array.from({ length: 8 }, () => schedules.newFirer());
    for (let round = 0; round < 3; round += 1) await Promise.all(firers.map((firer) => firer.run()));
    const found = await slots();
    expect(found.length).toBeGreaterThanOrEqual(50);
    expect(new Set(found).size).toBe(found.length);
    expect([...found].sort()).toEqual(found);
    expect((await shown()).runs).toBe(found.length);
  });

  it('fires within the window, and keeps its name', async () => {
    await put({ every: '1h', window: '30m' });
    const { nextAt = '' } = await shown();
    const { next = 0 } = JSON.parse((await redis.client.hget(one.keys.scheduleStates, one.queue)) ?? '');
    const offset = Date.parse(nextAt) - next;
    expect(offset).toBeGreaterThanOrEqual(0);
    expect(offset).toBeLessThan(30 * MINUTE);
    await moveBack(HOUR + 35 * MINUTE);
    await fireAll();
    expect(await slots()).toEqual([new Date(next - HOUR - 35 * MINUTE).toISOString()]);
  });
});

describe('Firer.run', () => {
  it('reports a stored schedule that cannot be read, tries it again soon, and fires the others', async () => {
    await put({ every: '1h' });
    await moveBack(HOUR);
    const { keys } = one;
    await redis.client.hset(keys.schedules, 'broken', '{"every":');
    await redis.client.hset(keys.scheduleStates, 'broken', '{}');
    await redis.client.zadd(keys.slots, 1, 'broken');
    await fireAll();
    expect(await slots()).toHaveLength(1);
    expect(schedules.complaints).toContainEqual(expect.objectContaining({ where: 'schedule broken' }));
    const again = Number(await redis.client.zscore(keys.slots, 'broken')) - Date.now();
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThan(LATE_MS / 10);
  });

  it.skipIf(isOnCluster)('sends one command when no queue has schedules', async () => {
    await redis.client.flushall();
    const firer = schedules.newFirer();
    await redis.client.config('RESETSTAT');
    expect(await firer.run()).toBe(1_000);
    const stats = await redis.client.info('commandstats');
    expect(stats.match(/cmdstat_(?!config|info)\S+/g)).toEqual([
      expect.stringMatching(/^cmdstat_hgetall:calls=1,/),
    ]);
  });
});
