import { afterEach, describe, expect, it } from 'vitest';
import { completionOf } from '../../../src/attempts/completion.ts';
import type { Settled } from '../../../src/lifecycle/consumer.ts';
import type { RunningJob } from '../../../workers/run/running-job.ts';
import { putQueued } from '../../helpers/redis/places.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { createTestIntake, submitNumbers } from '../../helpers/workers/intake.ts';

const redis = useRedis();
let intake: Awaited<ReturnType<typeof createTestIntake>>;
afterEach(() => intake.close());

const firstKeys = () => {
  const [keys] = intake.queues;
  if (keys === undefined) throw new Error('an intake has a queue');
  return keys;
};

/** Completes the job and frees its slot. */
function complete(job: RunningJob): Promise<Settled> {
  return new Promise((resolve, reject) => {
    intake.limiter.handlerEnded(10);
    const onSettled = (settled: Settled) => {
      intake.limiter.remove(job);
      resolve(settled);
    };
    const completion = completionOf(job, { kind: 'completed', result: '1' }, undefined, 60_000);
    intake.batcher.complete(job.delivery.keys, {
      completion,
      waitMs: 0,
      runMs: 10,
      onSettled,
      onError: reject,
    });
  });
}

async function scriptCalls(): Promise<number> {
  const stats = await redis.client.info('commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

describe('the batcher', () => {
  it('takes jobs until the slots are full, at most half of the capacity in one call', async () => {
    intake = await createTestIntake(redis, ['full'], 4);
    await submitNumbers(redis, firstKeys(), [1, 2, 3, 4, 5, 6]);
    intake.batcher.schedule();
    await until(() => intake.started.length === 4, 'four started jobs');
    expect(intake.events.map((event) => event.kind === 'jobs-taken' && event.jobs)).toEqual([2, 2]);
    expect(await redis.client.xlen(firstKeys().stream.normal)).toBe(6);
  });

  it.each([
    ['own', { concurrency: 100 }, 4],
    ['keys', { keyConcurrency: 1 }, 8],
  ])(
    'holds short jobs ready beyond its concurrency unless all its jobs share a limit: %s',
    async (name, limits, most) => {
      intake = await createTestIntake(redis, [`ahead-${name}`], 4);
      const { limiter, batcher } = intake;
      await redis.client.hset(firstKeys().settings, limits);
      await submitNumbers(redis, firstKeys(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], true);
      batcher.schedule();
      await until(() => limiter.held.length === 4, 'jobs in all slots');
      // Attempts have been short.
      for (let i = 0; i < 2; i += 1) limiter.handlerEnded(0.01);
      batcher.schedule();
      await new Promise((resolve) => setImmediate(resolve));
      await batcher.withoutTakes(async () => undefined);
      const taken = () =>
        intake.events.reduce((sum, event) => sum + (event.kind === 'jobs-taken' ? event.jobs : 0), 0);
      await until(() => taken() >= most, 'jobs that are read ahead');
      expect(taken() > 4).toBe(most > 4);
    },
  );

  it('writes the results of one turn of the event loop in one call', async () => {
    intake = await createTestIntake(redis, ['group'], 4);
    await submitNumbers(redis, firstKeys(), [1, 2, 3]);
    intake.batcher.schedule();
    await until(() => intake.started.length === 3, 'three started jobs');
    await intake.batcher.withoutTakes(async () => {
      await redis.client.config('RESETSTAT');
      expect(await Promise.all(intake.started.map(complete))).toEqual(['done', 'done', 'done']);
      expect(await scriptCalls()).toBe(1);
    });
  });

  it('takes the next job with the call that writes a result', async () => {
    intake = await createTestIntake(redis, ['next'], 1);
    await submitNumbers(redis, firstKeys(), [1, 2]);
    intake.batcher.schedule();
    await until(() => intake.started.length === 1, 'a started job');
    await redis.client.config('RESETSTAT');
    expect(await Promise.all(intake.started.map(complete))).toEqual(['done']);
    await until(() => intake.started.length === 2, 'the next job');
    expect(await scriptCalls()).toBe(1);
  });

  it('takes nothing while withoutTakes runs', async () => {
    intake = await createTestIntake(redis, ['hold']);
    await intake.batcher.withoutTakes(async () => {
      await submitNumbers(redis, firstKeys(), [1]);
      intake.batcher.schedule();
      await redis.client.ping();
      await new Promise((resolve) => setImmediate(resolve));
      expect(intake.started).toEqual([]);
    });
    await until(() => intake.started.length === 1, 'the job after it');
  });

  it('reports a missing lease once, asks for it, and goes on when it is registered', async () => {
    intake = await createTestIntake(redis, ['lease']);
    const { name } = intake.consumer;
    await redis.client.zrem(firstKeys().leases, name);
    await submitNumbers(redis, firstKeys(), [1]);
    intake.batcher.schedule();
    await until(() => intake.messages.length >= 2, 'two requests for the lease');
    expect(intake.messages[0]).toEqual({ type: 'no-lease' });
    expect(intake.events.filter(({ kind }) => kind === 'lease-lost')).toHaveLength(1);
    await redis.client.zadd(firstKeys().leases, Date.now() + 600_000, name);
    await until(() => intake.started.length === 1, 'the job');
  });

  it('is ready to wait when all queues are drained', async () => {
    intake = await createTestIntake(redis, ['quiet', 'empty']);
    await submitNumbers(redis, firstKeys(), [1]);
    await intake.batcher.whenReadyToWait(() => false);
    expect(intake.started).toHaveLength(1);
    expect(intake.batcher.states.map(({ isDrained }) => isDrained)).toEqual([true, true]);
  });

  it('takes large jobs in several calls, until its slots are full', async () => {
    intake = await createTestIntake(redis, ['large'], 30);
    await putQueued(redis.client, firstKeys(), Array.from({ length: 40 }).fill('x'.repeat(400_000)));
    intake.batcher.schedule();
    await until(() => intake.started.length === 30, 'all started jobs');
    const takes = intake.events.flatMap((event) => (event.kind === 'jobs-taken' ? [event.jobs] : []));
    expect(takes[0]).toBe(15);
    // 1 MiB each, from then on.
    expect(Math.max(...takes.slice(1))).toBeLessThanOrEqual(3);
    expect(intake.batcher.states.map(({ isDrained }) => isDrained)).toEqual([false]);
  });
});
