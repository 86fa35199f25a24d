import fc from 'fast-check';
import { expect } from 'vitest';
import { recover } from '../../../../src/lifecycle/scripts/recover.ts';
import { entryTime, formatRef, type Ref } from '../../../../src/redis/job-id.ts';
import { failureOf } from '../../../helpers/workers/manual-worker.ts';
import { take } from '../../../helpers/workers/moves.ts';
import type { Held, LimitedQueue } from './queue.ts';
import { anyIndex, step } from './step.ts';

const MOST_DEAD = 1_000;

export const taking = step(
  'take',
  fc.record({ worker: anyIndex, count: fc.integer({ min: 1, max: 5 }) }),
  (queue, { worker, count }) => queue.take(worker, count),
);

/** A worker that waits gets a job of each lane past the gate. */
export const read = step('read', fc.record({ worker: anyIndex }), async (queue, { worker }) => {
  const consumer = queue.worker(worker);
  const found = await consumer.awaitWork([{ keys: queue.keys, hearsOnlyWake: false }], 1);
  const jobs = found.flatMap((one) => (one.kind === 'job' ? [one] : []));
  // As a worker does: an older job was delivered again by a group that was made again.
  const isOld = ({ entryId }: Ref) => entryTime(entryId) < queue.lastTakeAt;
  const old = jobs.filter(isOld).map(({ place, entryId }) => ({ ref: { place, entryId }, token: 1 }));
  await consumer.release(
    queue.keys,
    old.map((held) => ({ ...held, begun: false })),
  );
  const refs = jobs.filter((job) => !isOld(job)).map(formatRef);
  const tokens = found.flatMap((one) => (one.kind === 'token' ? [one.token] : []));
  if (tokens.length > 0) await take(consumer, queue.keys, { tokens });
  return queue.take(worker, 2, refs);
});

type Ending = (queue: LimitedQueue, held: Held, which: number) => Promise<unknown>;

const ENDINGS: Readonly<Record<string, Ending>> = {
  complete: (queue, held) => queue.complete(held),
  retry: async ({ keys }, { consumer, delivery }) =>
    expect(await consumer.retry(keys, failureOf(delivery), 0)).toBe('done'),
  bury: async (queue, { consumer, delivery, name }) => {
    expect(await consumer.bury(queue.keys, failureOf(delivery), MOST_DEAD)).toBe('done');
    const job = queue.open.get(name);
    if (job !== undefined) queue.dead.set(name, job);
    queue.open.delete(name);
  },
  release: ({ keys }, { consumer, delivery }, which) =>
    consumer.release(keys, [{ ref: delivery, token: delivery.token, begun: which % 2 === 0 }], 0),
  hold: ({ keys }, { consumer, delivery }) => {
    const { place, entryId, token, readyAt } = delivery;
    const job = {
      ref: { place, entryId },
      token,
      readyAt,
      reason: 'task:held',
      refusers: [],
      expiresAt: undefined,
    };
    return consumer.hold(keys, [{ ...job, priority: 'normal' }]);
  },
};

const ending = (...ways: string[]) =>
  step(
    'end',
    fc.record({ which: anyIndex, how: fc.constantFrom(...ways) }),
    async (queue, { which, how }) => {
      const held = queue.drop(which);
      if (held !== undefined) await ENDINGS[how]?.(queue, held, which);
    },
  );

export const ends = ending('complete', 'complete', 'retry', 'bury', 'release', 'hold');
export const completes = ending('complete');
/** A job that comes back goes before those that came later. */
export const comesBack = ending('release');

export const lose = step('lose a worker', fc.record({ worker: anyIndex }), async (queue, { worker }) => {
  const consumer = queue.worker(worker);
  await recover(queue.redis, queue.keys, { consumer: consumer.name, lingerMs: 0, how: 'killed' });
  queue.held = queue.held.filter((one) => one.consumer !== consumer);
  await queue.lease();
});
