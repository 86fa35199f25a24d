import fc from 'fast-check';
import { afterAll, beforeAll, it } from 'vitest';
import { useRedis } from '../../helpers/redis/server.ts';
import { accidents } from './commands/accidents.ts';
import { change } from './commands/change.ts';
import { deadLetters } from './commands/dead.ts';
import { finishing, late, repeat } from './commands/finish.ts';
import { destroyGroups } from './commands/groups.ts';
import { submitOnce } from './commands/once.ts';
import { outside, queueReads } from './commands/outside.ts';
import { submit, submitAll, submitEach } from './commands/submit.ts';
import { blockingRead, taking } from './commands/take.ts';
import { forgetScripts, kill, leases } from './commands/trouble.ts';
import { Model } from './model.ts';
import { openQueue, openShared, type Shared } from './real.ts';
import type { AnyStep } from './step.ts';

const RUNS = 60;
const MOST_STEPS = 80;
const WORKERS = 2;
const LIMIT_MS = 300_000;

const redis = useRedis({ persistent: true });
let shared: Shared;
beforeAll(async () => {
  shared = await openShared(redis);
});
afterAll(() => shared.core.redis.disconnect());

/** Steps that move jobs are frequent. Slow steps are rare. */
const anyStep: AnyStep = fc.oneof(
  ...[
    { weight: 14, of: [submit] },
    { weight: 4, of: [submitEach, submitAll] },
    { weight: 4, of: [submitOnce] },
    { weight: 16, of: [taking] },
    { weight: 8, of: [blockingRead] },
    { weight: 30, of: finishing },
    { weight: 14, of: [late, repeat] },
    { weight: 12, of: outside },
    { weight: 6, of: [change] },
    { weight: 4, of: queueReads },
    { weight: 3, of: deadLetters },
    { weight: 8, of: leases },
    { weight: 1, of: [forgetScripts] },
    { weight: 5, of: [destroyGroups] },
    { weight: 4, of: accidents },
    { weight: 1, of: [kill] },
  ].map(({ weight, of }) => ({ weight, arbitrary: fc.oneof(...of) })),
);

it(
  'a queue matches its model after any sequence of steps',
  async () => {
    let queues = 0;
    await fc.assert(
      fc.asyncProperty(fc.commands([anyStep], { maxCommands: MOST_STEPS, size: 'max' }), async (steps) => {
        queues += 1;
        const real = await openQueue(shared, `q${queues}`, WORKERS);
        await fc.asyncModelRun(() => ({ model: new Model(WORKERS), real }), steps);
      }),
      { numRuns: RUNS },
    );
  },
  LIMIT_MS,
);
