import { afterEach, describe, expect, it } from 'vitest';
import { ReconcileSchedule } from '../../../workers/intake/reconciler.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { createTestIntake, submitNumbers } from '../../helpers/workers/intake.ts';
import { createManualClock } from '../../helpers/workers/manual-clock.ts';
import { take } from '../../helpers/workers/moves.ts';

describe('the schedule', () => {
  it('is due every three minutes', () => {
    const clock = createManualClock();
    const schedule = new ReconcileSchedule(clock);
    clock.advance(179_999);
    expect(schedule.isDue).toBe(false);
    clock.advance(1);
    expect(schedule.isDue).toBe(true);
    schedule.done();
    expect(schedule.isDue).toBe(false);
  });

  it('is due at once after a fault, and once more when no broken read can be open', () => {
    const clock = createManualClock();
    const schedule = new ReconcileSchedule(clock);
    schedule.reconcileSoon();
    expect(schedule.isDue).toBe(true);
    schedule.done();
    clock.advance(5_499);
    expect(schedule.isDue).toBe(false);
    clock.advance(1);
    expect(schedule.isDue).toBe(true);
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
      await intake.reconciler.reconcile();
      const pending = await intake.consumer.pendingDeliveries(keys);
      expect(pending.map(({ ref }) => ref)).toEqual(intake.started.map(({ ref }) => ref));
    });
  });
});
