import fc from 'fast-check';
import { expect } from 'vitest';
import type { Settled } from '../../../../src/lifecycle/consumer.ts';
import { completionOf, failureOf } from '../../../helpers/workers/manual-worker.ts';
import { complete as completeJobs } from '../../../helpers/workers/moves.ts';
import { type Handout, isExhausted, type When } from '../job.ts';
import type { Model } from '../model.ts';
import { HOUR_MS, passDelay, type Real } from '../real.ts';
import { choose, step, whichever } from '../step.ts';

/** More than any test buries. */
const MAX_DEAD = 1_000;

const DELAY: Readonly<Record<When, number>> = { now: 0, 'in an hour': HOUR_MS };

const held = (model: Readonly<Model>) => model.held().length > 0;

/** What its worker needs to finish a delivery, whether it is still its own or not. */
function lookUp(model: Model, real: Real, handout: Handout) {
  const delivery = choose(real.deliveries, model.handouts.indexOf(handout));
  const consumer = choose(real.workers, handout.worker);
  return { delivery, consumer, keys: real.keys };
}

type Ending = 'completed' | 'cancelled' | 'expired';

async function complete(model: Model, real: Real, handout: Handout, ending: Ending): Promise<Settled> {
  const { delivery, consumer, keys } = lookUp(model, real, handout);
  const result = model.handouts.indexOf(handout);
  const text = ending === 'completed' ? JSON.stringify(result) : undefined;
  const [settled] = await completeJobs(consumer, keys, [completionOf(delivery, ending, text)]);
  const expected = model.complete(handout, ending, result);
  expect(settled).toBe(expected);
  return expected;
}

async function retry(model: Model, real: Real, handout: Handout, when: When, delayMs: number) {
  const { delivery, consumer, keys } = lookUp(model, real, handout);
  const settled = await consumer.retry(keys, failureOf(delivery), delayMs);
  const expected = model.retry(handout, when);
  expect(settled).toBe(expected);
  return expected;
}

async function bury(model: Model, real: Real, handout: Handout, maxDead = MAX_DEAD): Promise<Settled> {
  const { delivery, consumer, keys } = lookUp(model, real, handout);
  const failure = failureOf(delivery);
  const written = isExhausted(handout) ? { ...failure, error: '' } : failure;
  // Of two that were buried in the same millisecond, none is the older.
  if (model.dead.length > 0) await passDelay(real);
  const settled = await consumer.bury(keys, written, maxDead);
  const expected = model.bury(handout, maxDead);
  expect(settled).toBe(expected);
  return expected;
}

async function release(
  model: Model,
  real: Real,
  handout: Handout,
  { begun, when }: { begun: boolean; when: When },
): Promise<Settled> {
  const { delivery, consumer, keys } = lookUp(model, real, handout);
  const settled = await consumer.release(
    keys,
    [{ ref: delivery, token: delivery.token, begun }],
    DELAY[when],
  );
  const expected = model.release(handout, begun, when);
  expect(settled).toEqual([expected]);
  return expected;
}

async function progress(model: Model, real: Real, handout: Handout, value: number): Promise<Settled> {
  const { delivery, consumer, keys } = lookUp(model, real, handout);
  const report = { ref: delivery, token: delivery.token };
  const isNoted = await consumer.recordProgress(keys, report, JSON.stringify(value));
  const isOwner = handout.job.holder === handout;
  if (isOwner) handout.job.progress = value;
  expect(isNoted).toBe(isOwner);
  return isOwner ? 'done' : 'stale';
}

const ending = fc.constantFrom('completed' as const, 'cancelled' as const, 'expired' as const);

const DELAYS = { 'at once': 0, 'in 1 ms': 1, 'in an hour': HOUR_MS } as const;

export const finishing = [
  step({
    name: 'complete',
    args: fc.record({ which: whichever, ending }),
    possible: held,
    async act(model, real, args) {
      expect(await complete(model, real, choose(model.held(), args.which), args.ending)).toBe('done');
    },
  }),
  step({
    name: 'fail',
    args: fc.record({
      which: whichever,
      again: fc.constantFrom('at once' as const, 'in 1 ms' as const, 'in an hour' as const, 'never' as const),
      maxDead: fc.constantFrom(MAX_DEAD, 1, 2, 3),
    }),
    possible: held,
    async act(model, real, { which, again, maxDead }) {
      const handout = choose(model.held(), which);
      if (again === 'never' || handout.attempt >= handout.job.maxAttempts) {
        expect(await bury(model, real, handout, maxDead)).toBe('done');
      } else {
        const when = again === 'in an hour' ? again : 'now';
        expect(await retry(model, real, handout, when, DELAYS[again])).toBe('done');
        if (again === 'in 1 ms') await passDelay(real);
      }
    },
  }),
  step({
    name: 'release',
    args: fc.record({
      which: whichever,
      begun: fc.boolean(),
      when: fc.constantFrom('now' as const, 'now' as const, 'in an hour' as const),
    }),
    possible: held,
    async act(model, real, { which, ...how }) {
      expect(await release(model, real, choose(model.held(), which), how)).toBe('done');
    },
  }),
  step({
    name: 'progress',
    args: fc.record({ which: whichever, value: fc.nat({ max: 99 }) }),
    possible: held,
    async act(model, real, { which, value }) {
      expect(await progress(model, real, choose(model.held(), which), value)).toBe('done');
    },
  }),
];

const LATE = ['complete', 'retry', 'bury', 'release', 'progress'] as const;

/**
 * A move for a delivery that is over. It is stale and changes nothing, unless it repeats what ended the
 * delivery: then its answer is that it was done before.
 */
export const late = step({
  name: 'late',
  args: fc.record({ which: whichever, move: fc.constantFrom(...LATE), ending, live: fc.boolean() }),
  possible: (model) => model.past().length > 0,
  async act(model, real, args) {
    // Most deliveries are of jobs that have ended.
    const live = model.past().filter(({ job }) => args.live && model.live().includes(job));
    const handout = choose(live.length > 0 ? live : model.past(), args.which);
    const moves: Record<typeof args.move, () => Promise<Settled>> = {
      complete: () => complete(model, real, handout, args.ending),
      retry: () => retry(model, real, handout, 'now', 0),
      bury: () => bury(model, real, handout),
      release: () => release(model, real, handout, { begun: true, when: 'now' }),
      progress: () => progress(model, real, handout, 100),
    };
    expect(await moves[args.move]()).not.toBe('done');
  },
});

/** The call that ended a delivery once more, as after a reply that was lost. */
export const repeat = step({
  name: 'repeat',
  args: fc.record({ which: whichever }),
  possible: (model) => endings(model).length > 0,
  async act(model, real, { which }) {
    const { handout, move } = choose(endings(model), which);
    const moves: Record<typeof move, () => Promise<Settled>> = {
      complete: () => complete(model, real, handout, 'completed'),
      retry: () => retry(model, real, handout, 'now', 0),
      bury: () => bury(model, real, handout),
      release: () => release(model, real, handout, { begun: true, when: 'now' }),
    };
    expect(await moves[move]()).toBe('repeated');
  },
});

const endings = (model: Readonly<Model>) =>
  model.past().flatMap((handout) => {
    const { ended } = handout.job;
    const isLast = ended?.worker === handout.worker && ended.token === handout.token;
    return isLast ? [{ handout, move: ended.move }] : [];
  });
