import { afterEach, expect, it } from 'vitest';
import { UnusableValue } from '../../../../src/attempts/unusable-value.ts';
import { NO_OBSERVER } from '../../../../src/observer.ts';
import { progressReporter } from '../../../../workers/run/context/progress-reporter.ts';
import { until, useRedis } from '../../../helpers/redis/server.ts';
import { createTestIntake, submitNumbers } from '../../../helpers/workers/intake.ts';

const redis = useRedis();
let intake: Awaited<ReturnType<typeof createTestIntake>>;
afterEach(() => intake.close());

async function createReporter(queue: string) {
  intake = await createTestIntake(redis, [queue]);
  const [keys] = intake.queues;
  if (keys === undefined) throw new Error('one queue');
  await submitNumbers(redis, keys, [1]);
  intake.batcher.schedule();
  await until(() => intake.started.length === 1, 'a started job');
  const [job] = intake.started;
  if (job === undefined) throw new Error('a job was started');
  const { report, stop } = progressReporter(intake.consumer, job, NO_OBSERVER);
  const stored = () => redis.client.hget(keys.notes, `${job.refText}:p`);
  return { job, report, stop, stored };
}

it('writes the first report at once, and then the last one of each 100 ms', async () => {
  const { report, stop, stored } = await createReporter('rate');
  report(1);
  await until(async () => (await stored()) === '1', 'the first report');
  for (const value of [2, 3, 4]) report(value);
  await until(async () => (await stored()) === '4', 'the last report');
  stop();
});

it('throws for what is not JSON', async () => {
  const { report } = await createReporter('json');
  expect(() => report(1n)).toThrow(UnusableValue);
});

it('aborts a job that is no longer held', async () => {
  const { job, report, stop } = await createReporter('lost');
  await intake.consumer.release(job.delivery.keys, [{ ref: job.ref, token: job.token, begun: true }]);
  report(1);
  await until(() => job.abortCause === 'lease-lost', 'the abort');
  job.handlerEnded();
  stop();
});
