import { describe, expect, it } from 'vitest';
import { useRedis } from '../helpers/redis/server.ts';
import { MINUTE, useOneSchedule } from '../helpers/schedules/scheduler.ts';
import { useManualWorkers } from '../helpers/workers/manual-worker.ts';

const redis = useRedis();
const one = useOneSchedule(redis);
const workerOf = useManualWorkers(redis);
const { put, moveBack, slots, shown, fireAll } = one;

const late = { every: '1m', misfire: 'all' } as const;
const outcome = async () => {
  const { runs, skipped, lastSkip } = await shown();
  return { runs, skipped, reason: lastSkip?.reason };
};

describe('a schedule of unique jobs', () => {
  it('skips the slots that find the place taken', async () => {
    await put({
      ...late,
      job: { task: 'echo', queue: one.queue, unique: true, expiresIn: '1h', tags: ['a'] },
    });
    await moveBack(3 * MINUTE);
    await fireAll();
    expect(await slots()).toHaveLength(1);
    expect(await outcome()).toEqual({ runs: 1, skipped: 2, reason: 'not-unique' });
    expect(await redis.client.zcard(one.keys.expiring)).toBe(1);
    expect(await redis.client.zcard(one.keys.tagged)).toBe(1);
    expect(await redis.client.hlen(one.keys.uniques)).toBe(1);
  });

  it('replaces the job that waits, whose label names the last slot', async () => {
    const unique = { key: 'k', onConflict: 'replace' } as const;
    await put({ ...late, job: { task: 'echo', queue: one.queue, priority: 'high', unique } });
    await moveBack(3 * MINUTE);
    await fireAll();
    const [last, ...others] = await slots();
    expect([typeof last, others]).toEqual(['string', []]);
    expect(await outcome()).toEqual({ runs: 3, skipped: 0, reason: undefined });
    expect((await shown()).lastSlot).toBe(last);
    expect(await redis.client.zcard(one.keys.scheduled)).toBe(1);
  });

  it('counts the slots that a full queue refuses', async () => {
    await redis.client.hset(one.keys.settings, 'maxJobs', 0);
    await put({ ...late, job: { task: 'echo', queue: one.queue, unique: true } });
    await moveBack(MINUTE);
    await fireAll();
    expect(await outcome()).toMatchObject({ runs: 0, reason: 'queue-full' });
  });

  it.each([{}, { unique: true }] as const)('counts the slots that a full key refuses: %j', async (rule) => {
    await redis.client.hset(one.keys.settings, 'keyMaxJobs', 1);
    await put({ ...late, job: { task: 'echo', queue: one.queue, key: 'k', ...rule, payload: 1 } });
    const worker = await workerOf(one.queue);
    await moveBack(2 * MINUTE);
    await fireAll();
    expect(await outcome()).toEqual({
      runs: 1,
      skipped: 1,
      reason: 'unique' in rule ? 'not-unique' : 'key-full',
    });
    await worker.complete(await worker.take(), 1);
    await moveBack(MINUTE);
    await fireAll();
    expect((await outcome()).runs).toBe(2);
  });

  it('tells earlier releases of a reason that they know', async () => {
    await redis.client.hset(one.keys.settings, 'keyMaxJobs', 0);
    await put({ ...late, job: { task: 'echo', queue: one.queue, key: 'k' } });
    await moveBack(MINUTE);
    await fireAll();
    const [state = ''] = await redis.client.hvals(one.keys.scheduleStates);
    expect(JSON.parse(state).skip).toMatchObject({ reason: 'queue-full', cause: 'key-full' });
    expect((await outcome()).reason).toBe('key-full');
  });
});
