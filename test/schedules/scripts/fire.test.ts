import { describe, expect, it } from 'vitest';
import { formatJobId } from '../../../src/redis/job-id.ts';
import { fire } from '../../../src/schedules/scripts/fire.ts';
import { readSchedules } from '../../../src/schedules/scripts/schedules.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { HOUR, MINUTE, useOneSchedule } from '../../helpers/schedules/scheduler.ts';

const redis = useRedis();
const one = useOneSchedule(redis);
const { schedules, put, moveBack, slots, shown, fireAll } = one;

describe('a slot', () => {
  it('is fired at its time, and tells its job which it is', async () => {
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

  it('is fired once by any number of processes', async () => {
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

  it('has no job of a definition that was replaced while somebody was about to fire it', async () => {
    await put({ every: '1h' });
    const { keys } = one;
    const { schedules: read } = await readSchedules(redis.client, keys, [one.queue]);
    const { state = '' } = read[0] ?? {};
    const { next } = JSON.parse(state);
    await put({ every: '1h', job: { task: 'echo', payload: 2 } });
    const stale = {
      id: one.queue,
      expected: state,
      state,
      fireAt: next,
      skipsOverlap: false,
      maxRuns: undefined,
    };
    const job = { place: 'normal' as const, task: 'echo', payload: '1' };
    const slot = { slot: next, options: { m: { schedule: `${one.queue}/late` } } };
    expect(await fire(redis.client, keys, [{ ...stale, job, slots: [slot] }])).toEqual(['']);
    expect(await slots()).toEqual([]);
    await moveBack(HOUR);
    await fireAll();
    const entries = await redis.client.xrange(keys.stream.normal, '-', '+');
    expect(entries.map(([, fields]) => fields[3])).toEqual(['2']);
  });

  it('waits for its time within the window, and keeps its name', async () => {
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

  it('goes into the lane of its job, with all that was asked for', async () => {
    await put({
      every: '1h',
      job: {
        task: 'echo',
        priority: 'high',
        attempts: 2,
        expiresIn: '1m',
        resultTtl: '1h',
        keepPayload: true,
      },
    });
    await moveBack(HOUR);
    await fireAll();
    const { keys } = one;
    const [[id, fields] = ['', []]] = await redis.client.xrange(keys.stream.high, '-', '+');
    expect(JSON.parse(fields[5] ?? '')).toMatchObject({ a: 2, x: 60_000, rt: 3_600_000, k: true });
    const lapses = Number(await redis.client.zscore(keys.expiring, `h${id}`));
    expect(lapses).toBe(Number(id.split('-')[0]) + 60_000);
    expect(await shown()).toMatchObject({
      lastJob: formatJobId(one.queue, { place: 'high', entryId: id }),
      runs: 1,
    });
  });
});
