import { afterEach, describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { ReconcileSchedule } from '../../../workers/intake/reconciler.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { createTestIntake, submitNumbers } from '../../helpers/workers/intake.ts';
import { createManualClock } from '../../helpers/workers/manual-clock.ts';
import { take } from '../../helpers/workers/moves.ts';

const QUEUES = [queueKeys('mr', 'one'), queueKeys('mr', 'two')];

describe('the schedule', () => {
  it('is due every three minutes', () => {
    const clock = createManualClock();
    const schedule = new ReconcileSchedule(clock);
    clock.advance(179_999);
    expect(schedule.dueOf(QUEUES)).toEqual([]);
    clock.advance(1);
    expect(schedule.dueOf(QUEUES)).toEqual(QUEUES);
    for (const keys of QUEUES) schedule.done(keys);
    clock.advance(100_000);
    expect(schedule.dueOf(QUEUES)).toEqual([]);
  });

  it('is due at once after a fault, and once more when no broken read can be open', () => {
    const clock = createManualClock();
    const schedule = new ReconcileSchedule(clock);
    schedule.reconcileSoon();
    expect(schedule.dueOf(QUEUES)).toEqual(QUEUES);
    for (const keys of QUEUES) schedule.done(keys);
    clock.advance(5_499);
    expect(schedule.dueOf(QUEUES)).toEqual([]);
    clock.advance(1);
    expect(schedule.dueOf(QUEUES)).toEqual(QUEUES);
    for (const keys of QUEUES) schedule.done(keys);
    clock.advance(100_000);
    expect(schedule.dueOf(QUEUES)).toEqual([]);
  });

  it('is due for the queue of a fault alone', () => {
    const schedule = new ReconcileSchedule(createManualClock());
    const [first] = QUEUES;
    schedule.reconcileSoon(first);
    expect(schedule.dueOf(QUEUES)).toEqual([first]);
  });
});

describe('reconciling', () => {
  const redis = useRedis();
  let intake: Awaited<ReturnType<typeof createTestIntake>>;
  afterEach(() => intake.close());

  it('releases jobs that Redis has delivered and that never arrived, and no others', async () => {
    intake = await createTestIntake(redis, ['reconcile']);
    const [keys] = intake.queues;
    if (keys === undefined) throw new Error('one queue');
    await submitNumbers(redis, keys, [1]);
    intake.batcher.schedule();
    await expect.poll(() => intake.started.length, { timeout: 20_000 }).toBe(1);
    await intake.batcher.withoutTakes(async () => {
      await submitNumbers(redis, keys, [2]);
      await take(intake.consumer, keys, { count: 1 });
      expect(await intake.consumer.pendingDeliveries(keys)).toHaveLength(2);
      await intake.reconciler.reconcile(keys);
      const pending = await intake.consumer.pendingDeliveries(keys);
      expect(pending.map(({ ref }) => ref)).toEqual(intake.started.map(({ ref }) => ref));
    });
  });
});
