import { describe, expect, it } from 'vitest';
import type { PutSchedule } from '../../src/schemas/schedule.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { HOUR, MINUTE, useOneSchedule } from '../helpers/schedules/scheduler.ts';
import { useManualWorkers } from '../helpers/workers/manual-worker.ts';

const redis = useRedis();
const one = useOneSchedule(redis);
const { schedules, put, moveBack, slots, shown, fireAll } = one;
const workerOf = useManualWorkers(redis);

describe('a slot whose predecessor still has an open job', () => {
  const twice = async (overlap: PutSchedule['overlap']) => {
    await put({ every: '1h', ...(overlap && { overlap }) });
    const worker = await workerOf(one.queue);
    await moveBack(HOUR);
    await fireAll();
    const delivery = await worker.take();
    await moveBack(HOUR);
    await fireAll();
    return { worker, delivery };
  };

  it('fires with overlap allow', async () => {
    await twice(undefined);
    expect(await slots()).toHaveLength(2);
  });

  it('is skipped and counted with overlap skip, until that job has completed', async () => {
    const { worker, delivery } = await twice('skip');
    expect(await slots()).toHaveLength(1);
    expect(await shown()).toMatchObject({ runs: 1, skipped: 1, lastSkip: { reason: 'overlap' } });
    await worker.complete(delivery, null);
    await moveBack(HOUR);
    await fireAll();
    expect(await shown()).toMatchObject({ runs: 2, skipped: 1 });
  });

  it('fires with overlap skip when that job is a dead letter', async () => {
    const { worker, delivery } = await twice('skip');
    await worker.bury(delivery);
    await moveBack(HOUR);
    await fireAll();
    expect(await shown()).toMatchObject({ runs: 2, skipped: 1 });
  });

  it('sends a cancel request to a running job with overlap replace', async () => {
    await twice('replace');
    expect(await slots()).toHaveLength(2);
    const control = await redis.client.xrange(one.keys.control, '-', '+');
    expect(control).toHaveLength(1);
  });

  it('cancels a waiting job with overlap replace', async () => {
    await put({ every: '1m', overlap: 'replace', misfire: 'all' });
    await moveBack(5 * MINUTE);
    await fireAll();
    expect(await slots()).toHaveLength(1);
    const { runs, lastSlot } = await shown();
    expect(runs).toBe(5);
    expect(await slots()).toEqual([lastSlot]);
    expect(await redis.client.hget(one.keys.totals, 'cancelled')).toBe('4');
  });

  it('cancels that job right before its own submit, not while other schedules are planned', async () => {
    await put({ every: '1h', overlap: 'replace' });
    await moveBack(HOUR);
    await fireAll();
    await moveBack(HOUR);
    // These fire first, and do not fit into one call of the script.
    const many = { cron: '* * * * * *', misfire: 'all' as const, job: { task: 'echo', queue: one.queue } };
    for (const [id, hours] of [
      ['first', 3],
      ['second', 2],
    ] as const) {
      await schedules.scheduler.put(id, many);
      await schedules.moveBack(one.queue, id, hours * HOUR);
    }
    await fireAll();
    expect(await slots()).toHaveLength(1);
    const [[cancelled] = ['']] = await redis.client.xrange(one.keys.events, '-', '+');
    const entries = await redis.client.xrange(one.keys.stream.normal, '-', '+');
    const before = entries.findIndex(([, fields]) => fields.some((field) => field.includes('second/'))) - 1;
    expect(before).toBeGreaterThan(100);
    const ms = (id = '') => Number(id.split('-')[0]);
    expect(ms(cancelled)).toBeGreaterThanOrEqual(ms(entries[before]?.[0]));
  });
});
