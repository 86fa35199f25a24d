import { describe, expect, it } from 'vitest';
import { useRedis } from '../helpers/redis/server.ts';
import { HOUR, MINUTE, useOneSchedule } from '../helpers/schedules/scheduler.ts';

const redis = useRedis();
const one = useOneSchedule(redis);
const { schedules, put, moveBack, slots, shown, fireAll } = one;

describe('after ten minutes without any process that fires', () => {
  it.each([
    ['skip', 0, 9],
    ['one', 1, 8],
    ['all', 9, 0],
  ] as const)('misfire %s fires %i of the missed slots and drops %i', async (misfire, caughtUp, missed) => {
    await put({ every: '1m', misfire });
    // The first slot is now nine minutes old. The tenth, the last, is late but not missed.
    const first = Date.parse((await shown()).nextAt ?? '') - 10 * MINUTE;
    await moveBack(10 * MINUTE);
    await fireAll();
    const times = Array.from({ length: 10 }, (_, i) => new Date(first + i * MINUTE).toISOString());
    const expected = misfire === 'all' ? times : misfire === 'one' ? times.slice(-2) : times.slice(-1);
    expect(await slots()).toEqual(expected);
    expect(await shown()).toMatchObject({ runs: caughtUp + 1, missed, lastSlot: times.at(-1) });
  });

  it('misfire all fires the latest hundred missed slots, and no more', async () => {
    const from = Date.now();
    await put({ cron: '* * * * * *', misfire: 'all' });
    await moveBack(10 * MINUTE);
    const first = Date.parse((await shown()).nextAt ?? '');
    await fireAll();
    const found = await slots();
    const caughtUp = found.filter((slot) => Date.parse(slot) < Date.parse(found.at(-1) ?? '') - MINUTE);
    // Slots come on while the pass runs.
    const passed = Math.ceil((Date.now() - from) / 1_000);
    expect(caughtUp.length).toBeGreaterThanOrEqual(98);
    expect(caughtUp.length).toBeLessThanOrEqual(100 + passed);
    const { runs, missed } = await shown();
    expect(runs).toBe(found.length);
    // Every second has a job or is counted.
    expect(runs + missed).toBe((Date.parse(found.at(-1) ?? '') - first) / 1_000 + 1);
    expect(missed).toBeGreaterThan(400);
  });

  it('one pass submits at most 8 MiB, and the next pass the rest', async () => {
    const payload = 'x'.repeat(1_048_576 - 1_024);
    await put({ every: '1m', misfire: 'all', job: { task: 'echo', payload } });
    await moveBack(12 * MINUTE);
    const firer = schedules.newFirer();
    expect(await firer.run()).toBeLessThan(21);
    expect(await slots()).toHaveLength(8);
    await firer.run();
    expect(await slots()).toHaveLength(12);
    expect(await shown()).toMatchObject({ runs: 12, missed: 0 });
  });

  it('misfire all fires no slot older than a day', async () => {
    await put({ every: '6h', misfire: 'all' });
    await moveBack(60 * HOUR + MINUTE);
    await fireAll();
    expect(await slots()).toHaveLength(4);
    expect(await shown()).toMatchObject({ runs: 4, missed: 6 });
  });
});

describe('a schedule whose due slots are all dropped', () => {
  it('continues with the next slot', async () => {
    await put({ every: '1h', misfire: 'skip' });
    await moveBack(1.5 * HOUR);
    await fireAll();
    const { nextAt, ...rest } = await shown();
    expect(rest).toMatchObject({ runs: 0, missed: 1, finished: false });
    expect(Date.parse(nextAt ?? '')).toBeGreaterThan(Date.now());
    expect(await slots()).toEqual([]);
  });

  it.each(['skip', 'all'] as const)(
    'is finished when its last slot before endAt was missed (misfire: %s)',
    async (misfire) => {
      await put({ every: '1h', misfire, endAt: new Date(Date.now() + 1.2 * HOUR).toISOString() });
      await moveBack(30 * HOUR);
      await fireAll();
      expect(await shown()).toMatchObject({ runs: 0, missed: 1, finished: true });
      expect(await redis.client.zcard(one.keys.slots)).toBe(0);
    },
  );

  it('does not delay other schedules, even if 120 are like it', async () => {
    const { scheduler, moveBack: back } = schedules;
    const ids = Array.from({ length: 120 }, (_, i) => `dropped-${i}`);
    const job = { task: 'echo', queue: one.queue };
    for (const id of ids) await scheduler.put(id, { every: '1h', misfire: 'skip', job });
    await Promise.all(ids.map((id) => back(one.queue, id, 1.5 * HOUR)));
    await put({ every: '1h' });
    await moveBack(HOUR);
    await fireAll();
    expect(await slots()).toHaveLength(1);
    expect(await redis.client.zcount(one.keys.slots, '-inf', Date.now())).toBe(0);
  });
});
