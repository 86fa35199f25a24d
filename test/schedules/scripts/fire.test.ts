import { describe, expect, it } from 'vitest';
import { configure } from '../../../src/queues/scripts/configure.ts';
import { formatJobId } from '../../../src/redis/job-id.ts';
import { fire } from '../../../src/schedules/scripts/fire.ts';
import { readSchedules } from '../../../src/schedules/scripts/schedules.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { HOUR, useOneSchedule } from '../../helpers/schedules/scheduler.ts';

const redis = useRedis();
const one = useOneSchedule(redis);
const { put, moveBack, slots, shown, fireAll } = one;

describe('fire', () => {
  it('submits no job of a definition that was replaced while a process was about to fire', async () => {
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

  it('writes an event for each job that it submits, where the queue asks for them', async () => {
    await configure(redis.client, one.keys, { submitEvents: true, maxJobs: 3 });
    await put({ every: '1h', misfire: 'all', overlap: 'allow' });
    await moveBack(5 * HOUR);
    await fireAll();
    const entries = await redis.client.xrange(one.keys.stream.normal, '-', '+');
    expect(entries).toHaveLength(3);
    const events = await redis.client.xrange(one.keys.events, '-', '+');
    const refs = entries.map(([id]) => `n${id}`).join(' ');
    expect(events.map(([, fields]) => fields)).toEqual([['e', 'submitted', 'j', refs]]);
  });

  it('submits the job to its lane with all options', async () => {
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
    const expiresAt = Number(await redis.client.zscore(keys.expiring, `h${id}`));
    expect(expiresAt).toBe(Number(id.split('-')[0]) + 60_000);
    expect(await shown()).toMatchObject({
      lastJob: formatJobId(one.queue, { place: 'high', entryId: id }),
      runs: 1,
    });
  });
});
