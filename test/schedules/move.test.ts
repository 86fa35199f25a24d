import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { queueKeys } from '../../src/redis/keys.ts';
import { parseScheduleRequest } from '../../src/schedules/check.ts';
import { putSchedule } from '../../src/schedules/put.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { HOUR, useSchedules } from '../helpers/schedules/scheduler.ts';

const redis = useRedis();
const schedules = useSchedules(redis);
const { heal } = schedules;
const QUEUES = ['a', 'b', 'c'];
const request = (queue: string) => ({ every: '1h', job: { task: 'echo', queue } });

/** The steps of a writer that moves a schedule. It may die or stall before each of them. */
const STEPS = ['write', 'setLocation', 'remove', 'writeState'] as const;

/** A PUT by a process whose lock has expired. */
const putWithoutLock = (queue: string) =>
  putSchedule(schedules.store, 'mover', parseScheduleRequest(request(queue), Date.now()));

/** The queues that hold a copy, and those that would fire one. */
async function places(): Promise<{ copies: string[]; fired: string[] }> {
  const found = { copies: [] as string[], fired: [] as string[] };
  for (const queue of QUEUES) {
    const keys = queueKeys('mr', queue);
    if ((await redis.client.hexists(keys.scheduleStates, 'mover')) > 0) found.copies.push(queue);
    if ((await redis.client.zscore(keys.slots, 'mover')) !== null) found.fired.push(queue);
  }
  return found;
}

/** A schedule in queue a that has run once. */
beforeEach(async () => {
  await schedules.scheduler.put('mover', request('a'));
  await schedules.moveBack('a', 'mover', HOUR);
  await schedules.newFirer().run();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await redis.client.flushall();
});

/** Runs `act` once, right before a step of the writer. */
function interrupt(step: (typeof STEPS)[number], act: () => Promise<unknown>) {
  const { store } = schedules;
  const original = store[step].bind(store) as (...args: unknown[]) => Promise<boolean>;
  vi.spyOn(store, step).mockImplementationOnce(async (...args: unknown[]) => {
    await act();
    return original(...args);
  });
}

describe('a process that dies while it moves a schedule,', () => {
  it.each(STEPS)('before %s leaves the schedule in one queue, with its counts', async (step) => {
    interrupt(step, () => Promise.reject(new Error('died')));
    await expect(putWithoutLock('b')).rejects.toThrow('died');
    expect((await places()).fired.length).toBeLessThanOrEqual(1);
    expect(await schedules.scheduler.get('mover')).toMatchObject({ runs: 1 });
    await heal();
    const expected = step === 'writeState' ? 'b' : 'a';
    expect(await places()).toEqual({ copies: [expected], fired: [expected] });
    expect(await schedules.scheduler.get('mover')).toMatchObject({ runs: 1, job: { queue: expected } });
  });

  it.each(STEPS)('before %s, lets others pause, move and remove it at once', async (step) => {
    interrupt(step, () => Promise.reject(new Error('died')));
    await expect(putWithoutLock('b')).rejects.toThrow('died');
    expect(await schedules.scheduler.pause('mover')).toMatchObject({ paused: true, runs: 1 });
    expect((await places()).fired).toEqual([]);
    const { created, schedule } = await schedules.scheduler.put('mover', request('c'));
    expect({ created, schedule }).toMatchObject({ created: false, schedule: { paused: true, runs: 1 } });
    await schedules.scheduler.remove('mover');
    await heal();
    expect(await places()).toEqual({ copies: [], fired: [] });
    await expect(schedules.scheduler.get('mover')).rejects.toMatchObject({ code: 'schedule-not-found' });
  });

  it('before the index has the new queue, watched that queue again after its write', async () => {
    let unwatched = 0;
    // A healer finds the queue empty and stops watching it right before the draft is written.
    interrupt('write', async () => {
      unwatched = await redis.client.hdel('mr:scheduled-queues', 'b');
    });
    interrupt('setLocation', () => Promise.reject(new Error('died')));
    await expect(putWithoutLock('b')).rejects.toThrow('died');
    expect(unwatched).toBe(1);
    await heal();
    expect(await places()).toEqual({ copies: ['a'], fired: ['a'] });
  });

  it.each(['write', 'setLocation', 'writeState'] as const)(
    'or creates one, before %s, leaves one schedule or none',
    async (step) => {
      await schedules.scheduler.remove('mover');
      interrupt(step, () => Promise.reject(new Error('died')));
      await expect(putWithoutLock('b')).rejects.toThrow('died');
      expect((await places()).fired).toEqual([]);
      await heal();
      const expected = step === 'writeState' ? ['b'] : [];
      expect(await places()).toEqual({ copies: expected, fired: expected });
      expect(await redis.client.hkeys('mr:schedules')).toEqual(step === 'writeState' ? ['mover'] : []);
    },
  );
});

describe('a process that lost its lock while it moves a schedule,', () => {
  it.each(STEPS)('before %s, loses nothing to a healer', async (step) => {
    await schedules.scheduler.pause('mover');
    interrupt(step, heal);
    const { created } = await putWithoutLock('b');
    expect(created).toBe(false);
    expect(await places()).toEqual({ copies: ['b'], fired: [] });
    expect(await schedules.scheduler.get('mover')).toMatchObject({ paused: true, runs: 1 });
  });

  it.each(STEPS)('before %s, and another process leave one schedule in one queue', async (step) => {
    interrupt(step, () => schedules.scheduler.put('mover', request('c')));
    await putWithoutLock('b');
    expect(await places()).toMatchObject({ fired: ['b'] });
    await heal();
    expect(await places()).toEqual({ copies: ['b'], fired: ['b'] });
    expect(await schedules.scheduler.get('mover')).toMatchObject({ runs: 1, job: { queue: 'b' } });
  });

  it.each(STEPS)('before %s, does not fire a slot twice that fires during the move', async (step) => {
    interrupt(step, async () => {
      await schedules.moveBack('a', 'mover', HOUR + 1).catch(() => undefined);
      await schedules.newFirer().run();
    });
    await putWithoutLock('b');
    await schedules.newFirer().run();
    const slots = [...(await schedules.slots('a', 'mover')), ...(await schedules.slots('b', 'mover'))];
    expect(new Set(slots).size).toBe(slots.length);
    expect(await schedules.scheduler.get('mover')).toMatchObject({ runs: slots.length });
    expect((await places()).fired).toEqual(['b']);
  });
});

describe('a schedule that is being moved', () => {
  it.each(STEPS)('can be read before %s', async (step) => {
    let read: unknown;
    let listed: number | undefined;
    interrupt(step, async () => {
      read = await schedules.scheduler.get('mover');
      const pages = QUEUES.map((queue) => schedules.scheduler.list({ queue, limit: 10 }));
      listed = (await Promise.all(pages)).flatMap(({ items }) => items).length;
    });
    await putWithoutLock('b');
    expect(read).toMatchObject({ id: 'mover', runs: 1 });
    expect(listed).toBeLessThanOrEqual(1);
    expect(await schedules.scheduler.list({ queue: 'b', limit: 10 })).toMatchObject({
      items: [{ id: 'mover' }],
    });
    expect(await schedules.scheduler.list({ queue: 'a', limit: 10 })).toEqual({ items: [] });
  });
});

describe('a stored schedule that cannot be decoded', () => {
  const corrupt = async (queue: string) => {
    await redis.client.hset(queueKeys('mr', queue).schedules, 'mover', '{"later":true}');
  };

  it('is not shown, and can be replaced', async () => {
    await corrupt('a');
    await expect(schedules.scheduler.get('mover')).rejects.toMatchObject({ code: 'schedule-not-found' });
    expect(await schedules.scheduler.put('mover', request('a'))).toMatchObject({ created: true });
    expect(await places()).toEqual({ copies: ['a'], fired: ['a'] });
  });

  it('can be replaced in another queue', async () => {
    await corrupt('a');
    expect(await schedules.scheduler.put('mover', request('b'))).toMatchObject({ created: true });
    expect(await places()).toEqual({ copies: ['b'], fired: ['b'] });
  });

  it('can be removed, even when its state is missing', async () => {
    await corrupt('a');
    await schedules.scheduler.get('mover').catch(() => undefined);
    await redis.client.hdel(queueKeys('mr', 'a').scheduleStates, 'mover');
    await schedules.scheduler.remove('mover');
    expect(await redis.client.exists(queueKeys('mr', 'a').schedules, 'mr:schedules')).toBe(0);
  });
});
