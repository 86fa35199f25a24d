import { beforeEach, describe, expect, it } from 'vitest';
import { formatJobId } from '../../src/redis/entry.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { fire } from '../../src/redis/scripts/fire.ts';
import { setMaxJobs } from '../../src/redis/scripts/limit.ts';
import { readSchedules } from '../../src/redis/scripts/schedules.ts';
import type { PutSchedule } from '../../src/schemas/schedule.ts';
import { useHandWorkers } from '../helpers/hand-worker.ts';
import { until, useRedis } from '../helpers/redis.ts';
import { useSchedules } from '../helpers/schedules.ts';

const redis = useRedis();
const schedules = useSchedules(redis);
const workerOf = useHandWorkers(redis);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
let queue: string;
let queues = 0;

beforeEach(() => {
  queues += 1;
  queue = `q${queues}`;
});

/** Makes a schedule in the queue of the test; its id is that of the queue. */
async function put(wish: Partial<PutSchedule>): Promise<void> {
  const job = { task: 'echo', queue, payload: 1, ...wish.job };
  await schedules.scheduler.put(queue, { ...wish, job });
}

/** The first slot that is left was due so long ago. */
const moveBack = (ms: number) => schedules.moveBack(queue, queue, ms);

const slots = () => schedules.slots(queue, queue);
const shown = () => schedules.scheduler.get(queue);
const fireAll = async (firer = schedules.newFirer()) => {
  // A pass fires no more than it may; what is left is due at once.
  for (let i = 0; i < 150 && (await firer.run()) < 21; i += 1);
};

describe('a slot', () => {
  it('is fired at its time, and tells its job which it is', async () => {
    await put({ cron: '* * * * * *', job: { task: 'echo', payload: { n: 1 }, metadata: { own: 'label' } } });
    const { nextAt } = await shown();
    const firer = schedules.newFirer();
    expect(await firer.run()).toBeGreaterThan(0);
    expect(await slots()).toEqual([]);
    await until(async () => (await firer.run()) >= 0 && (await slots()).length > 0, 'the first slot');
    expect((await slots())[0]).toBe(nextAt);
    const [[, fields] = ['', []]] = await redis.client.xrange(queueKeys('mr', queue).stream.normal, '-', '+');
    expect(fields).toEqual([
      't',
      'echo',
      'p',
      '{"n":1}',
      'o',
      JSON.stringify({ m: { own: 'label', schedule: `${queue}/${nextAt}` } }),
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
    const keys = queueKeys('mr', queue);
    const { schedules: read } = await readSchedules(redis.client, keys, [queue]);
    const { state = '' } = read[0] ?? {};
    const { next } = JSON.parse(state);
    await put({ every: '1h', job: { task: 'echo', payload: 2 } });
    const stale = {
      id: queue,
      expected: state,
      state,
      fireAt: next,
      skipsOverlap: false,
      maxRuns: undefined,
    };
    const job = { place: 'normal' as const, task: 'echo', payload: '1' };
    const slot = { slot: next, options: { m: { schedule: `${queue}/late` } } };
    expect(await fire(redis.client, keys, [{ ...stale, job, slots: [slot] }])).toBe(0);
    expect(await slots()).toEqual([]);
    await moveBack(HOUR);
    await fireAll();
    const entries = await redis.client.xrange(keys.stream.normal, '-', '+');
    expect(entries.map(([, fields]) => fields[3])).toEqual(['2']);
  });

  it('waits for its time within the window, and keeps its name', async () => {
    await put({ every: '1h', window: '30m' });
    const { nextAt = '' } = await shown();
    const { next = 0 } = JSON.parse(
      (await redis.client.hget(queueKeys('mr', queue).scheduleStates, queue)) ?? '',
    );
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
    const keys = queueKeys('mr', queue);
    const [[id, fields] = ['', []]] = await redis.client.xrange(keys.stream.high, '-', '+');
    expect(JSON.parse(fields[5] ?? '')).toMatchObject({ a: 2, x: 60_000, rt: 3_600_000, k: true });
    const lapses = Number(await redis.client.zscore(keys.expiring, `h${id}`));
    expect(lapses).toBe(Number(id.split('-')[0]) + 60_000);
    expect(await shown()).toMatchObject({
      lastJob: formatJobId(queue, { place: 'high', entryId: id }),
      runs: 1,
    });
  });
});

describe('after ten minutes in which nobody fired', () => {
  it.each([
    ['skip', 0, 9],
    ['one', 1, 8],
    ['all', 9, 0],
  ] as const)('%s makes up for %i of the slots, and drops %i', async (misfire, made, missed) => {
    await put({ every: '1m', misfire });
    // Then the first slot is nine minutes ago, and the last of them, the tenth, is just late.
    const first = Date.parse((await shown()).nextAt ?? '') - 10 * MINUTE;
    await moveBack(10 * MINUTE);
    await fireAll();
    const times = Array.from({ length: 10 }, (_, i) => new Date(first + i * MINUTE).toISOString());
    const expected = misfire === 'all' ? times : misfire === 'one' ? times.slice(-2) : times.slice(-1);
    expect(await slots()).toEqual(expected);
    expect(await shown()).toMatchObject({ runs: made + 1, missed, lastSlot: times.at(-1) });
  });

  it('all makes up for a hundred slots and no more, the latest', async () => {
    await put({ cron: '* * * * * *', misfire: 'all' });
    await moveBack(10 * MINUTE);
    await fireAll();
    const found = await slots();
    const made = found.filter((slot) => Date.parse(slot) < Date.parse(found.at(-1) ?? '') - MINUTE);
    expect(made.length).toBeGreaterThanOrEqual(98);
    expect(made.length).toBeLessThanOrEqual(100);
    const { runs, missed } = await shown();
    expect(runs).toBe(found.length);
    // Every second is there or counted.
    expect(runs + missed).toBe(
      (Date.parse(found.at(-1) ?? '') - Date.parse(found[0] ?? '')) / 1_000 + 1 + missed,
    );
    expect(missed).toBeGreaterThan(400);
  });

  it('all makes up for no slot that is older than a day', async () => {
    await put({ every: '6h', misfire: 'all' });
    await moveBack(60 * HOUR + MINUTE);
    await fireAll();
    expect(await slots()).toHaveLength(4);
    expect(await shown()).toMatchObject({ runs: 4, missed: 6 });
  });
});

describe('a slot that comes before the job of the last one has ended', () => {
  const twice = async (overlap: PutSchedule['overlap']) => {
    await put({ every: '1h', ...(overlap && { overlap }) });
    const worker = await workerOf(queue);
    await moveBack(HOUR);
    await fireAll();
    const delivery = await worker.take();
    await moveBack(HOUR);
    await fireAll();
    return { worker, delivery };
  };

  it('is fired all the same', async () => {
    await twice(undefined);
    expect(await slots()).toHaveLength(2);
  });

  it('is skipped and counted, until that job has ended', async () => {
    const { worker, delivery } = await twice('skip');
    expect(await slots()).toHaveLength(1);
    expect(await shown()).toMatchObject({ runs: 1, skipped: 1, lastSkip: { reason: 'overlap' } });
    await worker.complete(delivery, null);
    await moveBack(HOUR);
    await fireAll();
    expect(await shown()).toMatchObject({ runs: 2, skipped: 1 });
  });

  it('is fired when that job lies dead', async () => {
    const { worker, delivery } = await twice('skip');
    await worker.bury(delivery);
    await moveBack(HOUR);
    await fireAll();
    expect(await shown()).toMatchObject({ runs: 2, skipped: 1 });
  });

  it('replaces that job: a running one is asked to stop', async () => {
    await twice('replace');
    expect(await slots()).toHaveLength(2);
    const control = await redis.client.xrange(queueKeys('mr', queue).control, '-', '+');
    expect(control).toHaveLength(1);
  });

  it('replaces that job: a waiting one is gone', async () => {
    await put({ every: '1m', overlap: 'replace', misfire: 'all' });
    await moveBack(5 * MINUTE);
    await fireAll();
    expect(await slots()).toHaveLength(1);
    const { runs, lastSlot } = await shown();
    expect(runs).toBe(5);
    expect(await slots()).toEqual([lastSlot]);
    expect(await redis.client.hget(queueKeys('mr', queue).totals, 'cancelled')).toBe('4');
  });
});

describe('a schedule', () => {
  it('ends after maxRuns, and can be read', async () => {
    await put({ every: '1m', maxRuns: 3, misfire: 'all' });
    await moveBack(10 * MINUTE);
    await fireAll();
    expect(await slots()).toHaveLength(3);
    expect(await shown()).toMatchObject({ runs: 3, finished: true });
    expect(await shown()).not.toHaveProperty('nextAt');
    expect(await redis.client.zcard(queueKeys('mr', queue).slots)).toBe(0);
  });

  it('begins with startAt and ends with endAt, both included', async () => {
    const startAt = Date.now() + HOUR;
    const iso = (ms: number) => new Date(ms).toISOString();
    await put({ every: '1m', misfire: 'all', startAt: iso(startAt), endAt: iso(startAt + 2 * MINUTE) });
    expect(await shown()).toMatchObject({ nextAt: iso(startAt), finished: false });
    await moveBack(HOUR + 5 * MINUTE);
    await fireAll();
    const began = startAt - HOUR - 5 * MINUTE;
    expect(await slots()).toEqual([iso(began), iso(began + MINUTE), iso(began + 2 * MINUTE)]);
    expect(await shown()).toMatchObject({ runs: 3, finished: true });
    expect(await redis.client.zcard(queueKeys('mr', queue).slots)).toBe(0);
  });

  it('does not fire while it is paused, nor make up for that', async () => {
    await put({ every: '1h', misfire: 'all' });
    await schedules.scheduler.pause(queue);
    expect(await shown()).toMatchObject({ paused: true });
    expect(await redis.client.zcard(queueKeys('mr', queue).slots)).toBe(0);
    await fireAll();
    expect(await slots()).toEqual([]);
    const resumed = await schedules.scheduler.resume(queue);
    expect(resumed).toMatchObject({ paused: false, missed: 0, runs: 0 });
    expect(Date.parse(resumed.nextAt ?? '')).toBeGreaterThan(Date.now());
  });

  it('counts the slots for which its queue has no room', async () => {
    await put({ every: '1m', misfire: 'all' });
    await setMaxJobs(redis.client, queueKeys('mr', queue), 2);
    await moveBack(5 * MINUTE);
    await fireAll();
    expect(await slots()).toHaveLength(2);
    const { runs, skipped, lastSkip } = await shown();
    expect({ runs, skipped, reason: lastSkip?.reason }).toEqual({
      runs: 2,
      skipped: 3,
      reason: 'queue-full',
    });
  });

  it('that is none is told of, and does not stop others', async () => {
    await put({ every: '1h' });
    await moveBack(HOUR);
    const keys = queueKeys('mr', queue);
    await redis.client.hset(keys.schedules, 'broken', '{"every":');
    await redis.client.hset(keys.scheduleStates, 'broken', '{}');
    await redis.client.zadd(keys.slots, 1, 'broken');
    await fireAll();
    expect(await slots()).toHaveLength(1);
    expect(schedules.complaints).toContainEqual(expect.objectContaining({ where: 'schedule broken' }));
    expect(Number(await redis.client.zscore(keys.slots, 'broken'))).toBeGreaterThan(Date.now());
  });
});
