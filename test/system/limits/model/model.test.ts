import fc from 'fast-check';
import { beforeAll, describe, it } from 'vitest';
import type { Core } from '../../../../src/core/core.ts';
import { BlockingReader } from '../../../../src/redis/reads/blocking-reader.ts';
import { createTestCore } from '../../../helpers/redis/core.ts';
import { useRedis } from '../../../helpers/redis/server.ts';
import { replayOf } from '../../replay.ts';
import { LimitedQueue } from './queue.ts';
import type { Step } from './step.ts';
import { submit, submitInOrder, submitUnique } from './submits.ts';
import { accidents, accidentsInOrder, cancel, change, limits, requeue } from './trouble.ts';
import { comesBack, completes, ends, lose, read, taking } from './work.ts';

const RUNS = 60;
const MOST_STEPS = 60;
const LIMIT_MS = 300_000;

const redis = useRedis();
let core: Core;
let reader: BlockingReader;
beforeAll(() => {
  core = createTestCore(redis.client);
  reader = new BlockingReader(redis.client, redis.client);
});

/** A step, each as often as its weight says. */
const oneOf = (...steps: readonly (readonly [weight: number, step: fc.Arbitrary<Step>])[]) =>
  fc.oneof(...steps.map(([weight, arbitrary]) => ({ weight, arbitrary })));

const submits = oneOf([14, submit], [10, submitUnique]);
const troubles = oneOf([4, cancel], [4, change], [8, requeue], [3, lose], [6, limits], [3, accidents]);
const anyStep = oneOf([24, submits], [16, taking], [6, read], [24, ends], [28, troubles]);

const inOrder = (...others: fc.Arbitrary<Step>[]) =>
  oneOf(
    [14, submitInOrder],
    [16, taking],
    [12, completes],
    [3, accidentsInOrder],
    ...others.map((other) => [4, other] as const),
  );
/** A job that a worker has read past a limit may go before one that comes back. */
const STEPS_IN_ORDER: readonly (readonly [string, fc.Arbitrary<Step>])[] = [
  ['while idle workers read past the limits', inOrder(read)],
  ['while jobs come back from workers', inOrder(comesBack, lose)],
];

let queues = 0;
async function newQueue(): Promise<LimitedQueue> {
  queues += 1;
  const queue = new LimitedQueue(core, reader, `limits-${queues}`);
  await queue.begin();
  return queue;
}

describe('a queue with limits, after any sequence of steps,', () => {
  it(
    'has started no more jobs than allowed, no two of a place, and none is held for ever',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyStep, { maxLength: MOST_STEPS, size: 'max' }), async (steps) => {
          const queue = await newQueue();
          for (const { run } of steps) await run(queue);
          await queue.drain();
        }),
        replayOf('LIMITS', RUNS),
      );
    },
    LIMIT_MS,
  );

  it.each(STEPS_IN_ORDER)(
    'has started the jobs of each key in their order, one at a time, %s',
    async (_, stepInOrder) => {
      const settings = fc.record(
        { concurrency: fc.constantFrom('1', '3'), fair: fc.constant('1') },
        { requiredKeys: [] },
      );
      const steps = fc.array(stepInOrder, { maxLength: MOST_STEPS, size: 'max' });
      await fc.assert(
        fc.asyncProperty(settings, steps, async (asked, some) => {
          const queue = await newQueue();
          queue.isOrderly = true;
          for (const { run } of some) {
            if (!('keyConcurrency' in queue.limits)) await queue.setLimits({ keyConcurrency: '1', ...asked });
            await run(queue);
          }
          await queue.drain();
        }),
        replayOf('LIMITS', RUNS),
      );
    },
    LIMIT_MS,
  );
});
