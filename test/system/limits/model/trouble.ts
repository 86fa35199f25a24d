import fc from 'fast-check';
import { expect } from 'vitest';
import { AppError } from '../../../../src/errors.ts';
import { presentRefs } from '../../../../src/lifecycle/scripts/changes/present-refs.ts';
import { ensureGroups } from '../../../../src/lifecycle/scripts/ensure-groups.ts';
import { parseRef } from '../../../../src/redis/job-id.ts';
import { GROUP, inOrder } from '../../../../src/redis/keys.ts';
import { completionOf } from '../../../helpers/workers/manual-worker.ts';
import { complete } from '../../../helpers/workers/moves.ts';
import type { Known, LimitedQueue } from './queue.ts';
import { anyIndex, choose, outcomeOf, step } from './step.ts';

export const cancel = step('cancel', fc.record({ which: anyIndex }), async (queue, { which }) => {
  const job = choose(queue.waiting(), which);
  if (job === undefined) return;
  expect((await queue.jobs.cancel(queue.idOf(job.name))).done).toBe(true);
  queue.end(job.name);
});

export const change = step(
  'change',
  fc.record({ which: anyIndex, priority: fc.constantFrom('critical' as const, 'low' as const) }),
  async (queue, { which, priority }) => {
    const job = choose([...queue.open.values()], which);
    if (job === undefined) return;
    const tags = ['changed'];
    const changes = { payload: 2, priority, tags, delay: 0 };
    const outcome = await outcomeOf(queue.changer.change(queue.idOf(job.name), changes, () => true));
    if (outcome instanceof AppError) expect(outcome.code).toBe('job-started');
    else job.tags = tags;
  },
);

/** A client lets a dead letter run again. */
export const requeue = step('requeue', fc.record({ which: anyIndex }), async (queue, { which }) => {
  const job = choose([...queue.dead.values()], which);
  if (job === undefined) return;
  const outcome = await outcomeOf(queue.jobs.retry(queue.idOf(job.name)));
  if (outcome instanceof AppError) {
    expect(outcome.code).toBe('not-unique');
    return;
  }
  const hasPlace = ({ place, untilStarted }: Known) => place === job.place && !untilStarted;
  if (job.place !== undefined) expect([...queue.open.values()].filter(hasPlace)).toEqual([]);
  queue.dead.delete(job.name);
  queue.open.set(job.name, job);
});

export const limits = step(
  'limits',
  fc.record(
    {
      concurrency: fc.constantFrom('1', '2', '4'),
      rate: fc.constantFrom('1000 1000 2', '100 1000 5'),
      keyConcurrency: fc.constantFrom('1', '1', '2'),
      keyRate: fc.constantFrom('1000 1000 1', '100 1000 2'),
      keyMaxJobs: fc.constantFrom('2', '5'),
      fair: fc.constant('1'),
    },
    { requiredKeys: [] },
  ),
  (queue, asked) => queue.setLimits(asked as Record<string, string>),
);

/** Somebody empties Redis: all jobs are gone, and what still runs cannot be settled. */
async function flush(queue: LimitedQueue): Promise<void> {
  await queue.redis.flushall();
  queue.limits = {};
  await queue.begin();
  for (const { consumer, delivery } of queue.held) {
    expect(await complete(consumer, queue.keys, [completionOf(delivery, 'completed', '1')])).toEqual([
      'stale',
    ]);
  }
  queue.held = [];
  for (const jobs of [queue.open, queue.dead, queue.ended]) jobs.clear();
}

const ACCIDENTS: Readonly<Record<string, (queue: LimitedQueue, which: number) => Promise<unknown>>> = {
  none: async () => undefined,
  'turns are lost': ({ redis, keys }) => redis.del(keys.turns),
  'groups are lost': async (queue) => {
    for (const stream of inOrder(queue.keys.stream)) await queue.redis.xgroup('DESTROY', stream, GROUP);
    queue.held = [];
    await ensureGroups(queue.redis, queue.keys);
  },
  'a job is lost': async ({ redis, keys, open, ...queue }, which) => {
    const waiting = [...open.values()].filter(({ name }) => !queue.held.some((one) => one.name === name));
    const job = choose(waiting, which);
    if (job === undefined) return;
    const [present = parseRef(job.name)] = await presentRefs(redis, keys, [parseRef(job.name)]);
    await redis.xdel(keys.stream[present.place], present.entryId);
    open.delete(job.name);
  },
  FLUSHALL: flush,
};

const accident = (...names: string[]) =>
  step(
    'accident',
    fc.record({ what: fc.constantFrom(...names), which: anyIndex }),
    async (queue, { what, which }) => {
      await ACCIDENTS[what]?.(queue, which);
      await queue.sweep();
    },
  );

export const accidents = accident(...Object.keys(ACCIDENTS));
/** Those that leave the jobs of a key in their order. */
export const accidentsInOrder = accident('none', 'turns are lost', 'FLUSHALL');
