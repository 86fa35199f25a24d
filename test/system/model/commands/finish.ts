import fc from 'fast-check';
import { expect } from 'vitest';
import { unrunnableOf } from '../../../../src/attempts/unrunnable.ts';
import type { Settled } from '../../../../src/lifecycle/consumer.ts';
import { refOfHeld } from '../../../../src/lifecycle/hold-class.ts';
import { decodeEntry } from '../../../../src/redis/entry.ts';
import { formatRef } from '../../../../src/redis/job-id.ts';
import { isRepeated } from '../job.ts';
import type { Model } from '../model.ts';
import { HOUR_MS, passDelay } from '../real.ts';
import { anyIndex, choose, step } from '../step.ts';
import { bury, checkpoint, complete, log, MAX_DEAD, progress, realSideOf, release, retry } from './moves.ts';

const held = (model: Readonly<Model>) => model.held().length > 0;

const ending = fc.constantFrom('completed' as const, 'cancelled' as const, 'expired' as const);

const DELAYS = { 'at once': 0, 'in 1 ms': 1, 'in an hour': HOUR_MS } as const;

export const finishing = [
  step({
    name: 'complete',
    args: fc.record({ which: anyIndex, ending }),
    possible: held,
    async act(model, real, args) {
      expect(await complete(model, real, choose(model.held(), args.which), args.ending)).toBe('done');
    },
  }),
  step({
    name: 'fail',
    args: fc.record({
      which: anyIndex,
      again: fc.constantFrom('at once' as const, 'in 1 ms' as const, 'in an hour' as const, 'never' as const),
      maxDead: fc.constantFrom(MAX_DEAD, 1, 2, 3),
    }),
    possible: held,
    async act(model, real, { which, again, maxDead }) {
      const modelDelivery = choose(model.held(), which);
      if (again === 'never' || modelDelivery.attempt >= modelDelivery.job.maxAttempts) {
        expect(await bury(model, real, modelDelivery, maxDead)).toBe('done');
      } else {
        const when = again === 'in an hour' ? again : 'now';
        expect(await retry(model, real, modelDelivery, when, DELAYS[again])).toBe('done');
        if (again === 'in 1 ms') await passDelay(real);
      }
    },
  }),
  step({
    name: 'release',
    args: fc.record({
      which: anyIndex,
      begun: fc.boolean(),
      when: fc.constantFrom('now' as const, 'now' as const, 'in an hour' as const),
    }),
    possible: held,
    async act(model, real, { which, ...how }) {
      expect(await release(model, real, choose(model.held(), which), how)).toBe('done');
    },
  }),
  step({
    name: 'hold',
    args: fc.record({ which: anyIndex }),
    possible: held,
    async act(model, real, { which }) {
      const modelDelivery = choose(model.held(), which);
      const { delivery, consumer, keys } = realSideOf(model, real, modelDelivery);
      const outcome = { kind: 'held' as const, reason: 'task:work', refusers: ['v1'] };
      const job = unrunnableOf(delivery, decodeEntry(delivery.fields), outcome);
      const settled = await consumer.hold(keys, [job]);
      const [member = ''] = (await real.redis.client.zrange(keys.holds, 0, '-1')).filter(
        (one) => refOfHeld(one) === formatRef(job.ref),
      );
      expect(settled).toEqual([model.hold(modelDelivery, member)]);
    },
  }),
  step({
    name: 'progress',
    args: fc.record({ which: anyIndex, value: fc.nat({ max: 99 }) }),
    possible: held,
    async act(model, real, { which, value }) {
      expect(await progress(model, real, choose(model.held(), which), value)).toBe('done');
    },
  }),
  step({
    name: 'checkpoint',
    args: fc.record({ which: anyIndex, value: fc.nat({ max: 3 }) }),
    possible: held,
    async act(model, real, { which, value }) {
      expect(await checkpoint(model, real, choose(model.held(), which), value)).toBe('done');
    },
  }),
  step({
    name: 'log',
    args: fc.record({ which: anyIndex }),
    possible: held,
    async act(model, real, { which }) {
      expect(await log(model, real, choose(model.held(), which))).toBe('done');
    },
  }),
];

const LATE = ['complete', 'retry', 'bury', 'release', 'progress', 'checkpoint', 'log'] as const;

/**
 * A move for a past delivery. A stale move changes nothing.
 * A move that repeats the end of the delivery gets the answer `repeated`.
 */
export const late = step({
  name: 'late',
  args: fc.record({ which: anyIndex, move: fc.constantFrom(...LATE), ending, live: fc.boolean() }),
  possible: (model) => model.past().length > 0,
  async act(model, real, args) {
    // Most past deliveries belong to ended jobs, so some runs choose a live job.
    const live = model.past().filter(({ job }) => args.live && model.live().includes(job));
    const modelDelivery = choose(live.length > 0 ? live : model.past(), args.which);
    const moves: Record<typeof args.move, () => Promise<Settled>> = {
      complete: () => complete(model, real, modelDelivery, args.ending),
      retry: () => retry(model, real, modelDelivery, 'now', 0),
      bury: () => bury(model, real, modelDelivery),
      release: () => release(model, real, modelDelivery, { begun: true, when: 'now' }),
      progress: () => progress(model, real, modelDelivery, 100),
      checkpoint: () => checkpoint(model, real, modelDelivery, 100),
      log: () => log(model, real, modelDelivery),
    };
    expect(await moves[args.move]()).not.toBe('done');
  },
});

/** A worker repeats the call that ended a delivery, as it does after a lost reply. */
export const repeat = step({
  name: 'repeat',
  args: fc.record({ which: anyIndex }),
  possible: (model) => endings(model).length > 0,
  async act(model, real, { which }) {
    const { modelDelivery, move } = choose(endings(model), which);
    const moves: Record<typeof move, () => Promise<Settled>> = {
      complete: () => complete(model, real, modelDelivery, 'completed'),
      retry: () => retry(model, real, modelDelivery, 'now', 0),
      bury: () => bury(model, real, modelDelivery),
      release: () => release(model, real, modelDelivery, { begun: true, when: 'now' }),
    };
    expect(await moves[move]()).toBe('repeated');
  },
});

const endings = (model: Readonly<Model>) =>
  model.past().flatMap((modelDelivery) => {
    const { ended } = modelDelivery.job;
    return ended !== undefined && isRepeated(modelDelivery, ended.move)
      ? [{ modelDelivery, move: ended.move }]
      : [];
  });
