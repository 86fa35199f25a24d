import { afterEach, expect, it } from 'vitest';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { createTestIntake, submitNumbers } from '../../helpers/workers/intake.ts';

const redis = useRedis();
let intake: Awaited<ReturnType<typeof createTestIntake>>;
afterEach(() => intake.close());

/** Resolves when the blocking read of the intake has reached Redis. */
const untilBlocked = () =>
  until(async () => /blocked_clients:[1-9]/.test(await redis.client.info('clients')), 'a blocking read');

it('waits on drained queues with one blocking read, and starts the job that it returns', async () => {
  intake = await createTestIntake(redis, ['one', 'two']);
  const pass = intake.takeLoop.run();
  await untilBlocked();
  const [, two] = intake.queues;
  if (two === undefined) throw new Error('two queues');
  await submitNumbers(redis, two, [1]);
  expect(await pass).toBe(0);
  await until(() => intake.started.length === 1, 'the started job');
});

it('ends an open read when it stops, and takes nothing more', async () => {
  intake = await createTestIntake(redis, ['stop']);
  const pass = intake.takeLoop.run();
  await untilBlocked();
  await intake.takeLoop.stop();
  expect(await redis.client.info('clients')).toContain('blocked_clients:0');
  await pass;
  const [keys] = intake.queues;
  if (keys === undefined) throw new Error('one queue');
  await submitNumbers(redis, keys, [1]);
  intake.batcher.schedule();
  expect(await intake.takeLoop.run()).toBeGreaterThan(0);
  expect(intake.started).toEqual([]);
});
