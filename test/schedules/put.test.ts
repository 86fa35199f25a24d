import { afterEach, describe, expect, it } from 'vitest';
import { queueKeys } from '../../src/redis/keys.ts';
import { parseScheduleRequest } from '../../src/schedules/check.ts';
import { putSchedule } from '../../src/schedules/put.ts';
import type { PutSchedule } from '../../src/schemas/schedule.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { HOUR, useSchedules } from '../helpers/schedules/scheduler.ts';

const redis = useRedis();
const schedules = useSchedules(redis);
const job = { task: 'echo', queue: 'q' };

const put = (body: Partial<PutSchedule>) =>
  putSchedule(schedules.store, 's', parseScheduleRequest({ every: '1h', job, ...body }, Date.now()));

/** Fires the schedule once, as if an hour had passed. */
async function fireOnce(): Promise<void> {
  await schedules.moveBack('q', 's', HOUR);
  await schedules.newFirer().run();
}

afterEach(() => redis.client.flushall());

describe('putSchedule', () => {
  it('writes nothing for the request that is stored already', async () => {
    const first = await put({ misfire: 'all' });
    expect(first.created).toBe(true);
    const before = await redis.client.hgetall(queueKeys('mr', 'q').scheduleStates);
    const { created, schedule } = await put({ misfire: 'all' });
    expect({ created, definition: schedule.definition }).toEqual({
      created: false,
      definition: first.schedule.definition,
    });
    expect(await redis.client.hgetall(queueKeys('mr', 'q').scheduleStates)).toEqual(before);
  });

  it('gives every other definition a new version', async () => {
    const { schedule: first } = await put({});
    const { schedule: second } = await put({ misfire: 'all' });
    expect(second.state.v).not.toBe(first.state.v);
  });

  it('keeps counts and the last job while the recurrence is the same', async () => {
    await put({});
    await fireOnce();
    const { schedule } = await put({ overlap: 'skip' });
    expect(schedule.state).toMatchObject({ runs: 1, ref: expect.any(String), last: expect.any(Number) });
  });

  it('starts the counts of another recurrence from zero', async () => {
    await put({});
    await fireOnce();
    const { schedule } = await put({ every: '2h' });
    expect(schedule.state).toMatchObject({ runs: 0, ref: expect.any(String) });
  });

  it('drops the last job when the schedule goes to another queue', async () => {
    await put({});
    await fireOnce();
    const { schedule } = await put({ job: { ...job, queue: 'other' } });
    expect(schedule.state.runs).toBe(1);
    expect(schedule.state).not.toHaveProperty('ref');
  });

  it('keeps a slot that is due but has not fired', async () => {
    await put({});
    await schedules.moveBack('q', 's', HOUR);
    const due = (await schedules.store.read('s', 'q')).decoded?.state.next;
    const { schedule } = await put({ misfire: 'all' });
    expect(schedule.state.next).toBe(due);
  });

  it('is finished at once when maxRuns is reached already', async () => {
    await put({});
    await fireOnce();
    const { schedule } = await put({ maxRuns: 1 });
    expect(schedule.state).toMatchObject({ finished: true });
    expect(schedule.state).not.toHaveProperty('next');
  });

  it('takes over a schedule that the index has lost', async () => {
    const { schedule } = await put({});
    await redis.client.del('mr:schedules');
    const { created, schedule: again } = await put({});
    expect({ created, createdAt: again.definition.createdAt }).toEqual({
      created: false,
      createdAt: schedule.definition.createdAt,
    });
    expect(await schedules.store.readLocation('s')).toMatchObject({ queue: 'q' });
  });
});
