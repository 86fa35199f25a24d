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
const wish = (queue: string) => ({ every: '1h', job: { task: 'echo', queue } });

/** What a writer does one after the other; who moves a schedule goes on after each of them, or never. */
const STEPS = ['write', 'setLocation', 'remove', 'writeState'] as const;

/** A PUT by a process that has no lock, since that has opened by itself. */
const putAlone = (queue: string) =>
  putSchedule(schedules.store, 'mover', parseScheduleRequest(wish(queue), Date.now()));

/** Where copies are, and where some are to be fired. */
async function places(): Promise<{ copies: string[]; fired: string[] }> {
  const found = { copies: [] as string[], fired: [] as string[] };
  for (const queue of QUEUES) {
    const keys = queueKeys('mr', queue);
    if ((await redis.client.hexists(keys.scheduleStates, 'mover')) > 0) found.copies.push(queue);
    if ((await redis.client.zscore(keys.slots, 'mover')) !== null) found.fired.push(queue);
  }
  return found;
}

/** A schedule in the queue a that has run once. */
beforeEach(async () => {
  await schedules.scheduler.put('mover', wish('a'));
  await schedules.moveBack('a', 'mover', HOUR);
  await schedules.newFirer().run();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await redis.client.flushall();
});

/** Does something once, before that step of the writer. */
function interrupt(step: (typeof STEPS)[number], act: () => Promise<unknown>) {
  const { store } = schedules;
  const own = store[step].bind(store) as (...args: unknown[]) => Promise<boolean>;
  vi.spyOn(store, step).mockImplementationOnce(async (...args: unknown[]) => {
    await act();
    return own(...args);
  });
}

describe('a process that dies while it moves a schedule', () => {
  it.each(STEPS)('before it comes to %s leaves it in one queue, with its counts', async (step) => {
    interrupt(step, () => Promise.reject(new Error('died')));
    await expect(putAlone('b')).rejects.toThrow('died');
    expect((await places()).fired.length).toBeLessThanOrEqual(1);
    expect(await schedules.scheduler.get('mover')).toMatchObject({ runs: 1 });
    await heal();
    const expected = step === 'writeState' ? 'b' : 'a';
    expect(await places()).toEqual({ copies: [expected], fired: [expected] });
    expect(await schedules.scheduler.get('mover')).toMatchObject({ runs: 1, job: { queue: expected } });
  });

  it.each(STEPS)('before it comes to %s: it can be paused, moved and removed at once', async (step) => {
    interrupt(step, () => Promise.reject(new Error('died')));
    await expect(putAlone('b')).rejects.toThrow('died');
    expect(await schedules.scheduler.pause('mover')).toMatchObject({ paused: true, runs: 1 });
    expect((await places()).fired).toEqual([]);
    const { created, schedule } = await schedules.scheduler.put('mover', wish('c'));
    expect({ created, schedule }).toMatchObject({ created: false, schedule: { paused: true, runs: 1 } });
    await schedules.scheduler.remove('mover');
    await heal();
    expect(await places()).toEqual({ copies: [], fired: [] });
    await expect(schedules.scheduler.get('mover')).rejects.toMatchObject({ code: 'schedule-not-found' });
  });

  it('before the index knows where to has told of the queue after it wrote there', async () => {
    let told = 0;
    // Whoever mends finds the queue empty, and stops looking at it, right before the draft is there.
    interrupt('write', async () => {
      told = await redis.client.hdel('mr:scheduled-queues', 'b');
    });
    interrupt('setLocation', () => Promise.reject(new Error('died')));
    await expect(putAlone('b')).rejects.toThrow('died');
    expect(told).toBe(1);
    await heal();
    expect(await places()).toEqual({ copies: ['a'], fired: ['a'] });
  });

  it.each(['write', 'setLocation', 'writeState'] as const)(
    'or makes one, before it comes to %s, leaves a schedule or none',
    async (step) => {
      await schedules.scheduler.remove('mover');
      interrupt(step, () => Promise.reject(new Error('died')));
      await expect(putAlone('b')).rejects.toThrow('died');
      expect((await places()).fired).toEqual([]);
      await heal();
      const expected = step === 'writeState' ? ['b'] : [];
      expect(await places()).toEqual({ copies: expected, fired: expected });
      expect(await redis.client.hkeys('mr:schedules')).toEqual(step === 'writeState' ? ['mover'] : []);
    },
  );
});

describe('a process that moves a schedule, and has lost its lock', () => {
  it.each(STEPS)('before it comes to %s: whoever mends takes nothing from it', async (step) => {
    await schedules.scheduler.pause('mover');
    interrupt(step, heal);
    const { created } = await putAlone('b');
    expect(created).toBe(false);
    expect(await places()).toEqual({ copies: ['b'], fired: [] });
    expect(await schedules.scheduler.get('mover')).toMatchObject({ paused: true, runs: 1 });
  });

  it.each(STEPS)('before it comes to %s: it and another leave one, in one queue', async (step) => {
    interrupt(step, () => schedules.scheduler.put('mover', wish('c')));
    await putAlone('b');
    expect(await places()).toMatchObject({ fired: ['b'] });
    await heal();
    expect(await places()).toEqual({ copies: ['b'], fired: ['b'] });
    expect(await schedules.scheduler.get('mover')).toMatchObject({ runs: 1, job: { queue: 'b' } });
  });

  it.each(STEPS)('before it comes to %s: a slot that is fired meanwhile is fired once', async (step) => {
    interrupt(step, async () => {
      await schedules.moveBack('a', 'mover', HOUR + 1).catch(() => undefined);
      await schedules.newFirer().run();
    });
    await putAlone('b');
    await schedules.newFirer().run();
    const slots = [...(await schedules.slots('a', 'mover')), ...(await schedules.slots('b', 'mover'))];
    expect(new Set(slots).size).toBe(slots.length);
    expect(await schedules.scheduler.get('mover')).toMatchObject({ runs: slots.length });
    expect((await places()).fired).toEqual(['b']);
  });
});

describe('while a schedule is moved', () => {
  it.each(STEPS)('it can be read, before %s', async (step) => {
    let seen: unknown;
    let listed: number | undefined;
    interrupt(step, async () => {
      seen = await schedules.scheduler.get('mover');
      const pages = QUEUES.map((queue) => schedules.scheduler.list({ queue, limit: 10 }));
      listed = (await Promise.all(pages)).flatMap(({ items }) => items).length;
    });
    await putAlone('b');
    expect(seen).toMatchObject({ id: 'mover', runs: 1 });
    expect(listed).toBeLessThanOrEqual(1);
    expect(await schedules.scheduler.list({ queue: 'b', limit: 10 })).toMatchObject({
      items: [{ id: 'mover' }],
    });
    expect(await schedules.scheduler.list({ queue: 'a', limit: 10 })).toEqual({ items: [] });
  });
});

describe('a schedule that cannot be read', () => {
  const spoil = async (queue: string) => {
    await redis.client.hset(queueKeys('mr', queue).schedules, 'mover', '{"later":true}');
  };

  it('is not shown, and can be replaced', async () => {
    await spoil('a');
    await expect(schedules.scheduler.get('mover')).rejects.toMatchObject({ code: 'schedule-not-found' });
    expect(await schedules.scheduler.put('mover', wish('a'))).toMatchObject({ created: true });
    expect(await places()).toEqual({ copies: ['a'], fired: ['a'] });
  });

  it('can be replaced in another queue', async () => {
    await spoil('a');
    expect(await schedules.scheduler.put('mover', wish('b'))).toMatchObject({ created: true });
    expect(await places()).toEqual({ copies: ['b'], fired: ['b'] });
  });

  it('can be removed, also when half of it is not there', async () => {
    await spoil('a');
    await schedules.scheduler.get('mover').catch(() => undefined);
    await redis.client.hdel(queueKeys('mr', 'a').scheduleStates, 'mover');
    await schedules.scheduler.remove('mover');
    expect(await redis.client.exists(queueKeys('mr', 'a').schedules, 'mr:schedules')).toBe(0);
  });
});
