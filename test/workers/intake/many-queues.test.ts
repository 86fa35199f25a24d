import { afterEach, expect, it } from 'vitest';
import { completionOf } from '../../../src/attempts/completion.ts';
import type { Clock } from '../../../src/clock.ts';
import type { QueueKeys } from '../../../src/redis/keys.ts';
import type { RunningJob } from '../../../workers/run/running-job.ts';
import { median } from '../../helpers/median.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { createTestIntake, submitNumbers } from '../../helpers/workers/intake.ts';

const CONCURRENCY = 10;
const QUEUES = 12;
const JOBS = 2_400;
/** How full a script is depends on how soon Redis answers, so single rounds differ on a busy machine. */
const ROUNDS = 5;
/** A queue of several may cost so much more than one alone. */
const MOST_RATIO = 1.2;

const redis = useRedis();
let intake: Awaited<ReturnType<typeof createTestIntake>>;
afterEach(() => intake.close());

/** Time that passes with each script alone, so that a busy machine changes nothing. */
function createScriptClock(): Clock & { calls: number } {
  const clock = { calls: 0, monotonic: () => clock.calls, wall: () => Date.now() };
  return clock;
}

/** Runs the jobs, which end at once, and tells the scripts for each job. */
async function scriptsPerJob(names: readonly string[], jobsOf: (index: number) => number): Promise<number> {
  const clock = createScriptClock();
  const ability = { tasks: undefined, schemasOf: () => [] };
  intake = await createTestIntake(redis, names, CONCURRENCY, ability, clock);
  let ended = 0;
  const { batcher, limiter, consumer } = intake;
  const call = consumer.completeAndTake.bind(consumer);
  consumer.completeAndTake = (...args) => {
    clock.calls += 1;
    return call(...args);
  };
  limiter.runWith((job: RunningJob) => {
    limiter.handlerEnded(0.1);
    const completion = completionOf(job, { kind: 'completed', result: '1' }, undefined, 60_000);
    const onSettled = () => {
      ended += 1;
      limiter.remove(job);
    };
    batcher.complete(job.delivery.keys, { completion, waitMs: 0, runMs: 0.1, onSettled, onError: fail });
  });
  let submitted = 0;
  for (const [i, keys] of intake.queues.entries()) {
    submitted += jobsOf(i);
    await submit(keys, jobsOf(i));
  }
  batcher.schedule();
  await until(() => ended === submitted, 'the end of all jobs');
  return clock.calls / submitted;
}

const fail = (error: unknown) => {
  throw error;
};

const submit = (keys: QueueKeys, count: number) =>
  submitNumbers(
    redis,
    keys,
    Array.from({ length: count }, (_, i) => i),
  );

const named = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

it('a job of one of twelve full queues costs hardly more scripts than one of a queue alone', async () => {
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const alone = await scriptsPerJob([`alone${round}`], () => JOBS);
    await intake.close();
    const many = await scriptsPerJob(named(`r${round}q`, QUEUES), () => JOBS / QUEUES);
    await intake.close();
    ratios.push(many / alone);
  }
  expect(median(ratios)).toBeLessThan(MOST_RATIO);
});
