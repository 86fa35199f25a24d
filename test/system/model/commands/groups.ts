import fc from 'fast-check';
import { expect } from 'vitest';
import type { Awaited, Delivery, WaitingConsumer } from '../../../../src/lifecycle/consumer.ts';
import { ensureGroups } from '../../../../src/lifecycle/scripts/ensure-groups.ts';
import { entryTime } from '../../../../src/redis/job-id.ts';
import { GROUP, PLACES } from '../../../../src/redis/keys.ts';
import { NOTHING, take } from '../../../helpers/workers/moves.ts';
import type { ModelJob } from '../job.ts';
import { type JobOptions, jobOptions } from '../job-options.ts';
import type { Model } from '../model.ts';
import { passDelay, type Real, sweepAll } from '../real.ts';
import { choose, step, whichever } from '../step.ts';
import { askToCancel } from './outside.ts';
import { submitOne } from './submit.ts';
import { firstDelivery, nameOf, noteDelivery, tell } from './take.ts';

/** Takes until nothing comes and nothing is due: a group that catches up may put back all that one take reads. */
async function takeAll({ keys }: Real, consumer: WaitingConsumer, count: number): Promise<Delivery[]> {
  const all: Delivery[] = [];
  for (;;) {
    const taken = await take(consumer, keys, { count });
    if (taken.kind === 'no-lease') throw new Error('the lease was not known');
    all.push(...taken.deliveries);
    if (taken.deliveries.length === 0 && taken.nextDueInMs !== 0) return all;
  }
}

interface Draining {
  worker: number;
  count: number;
  expected: readonly ModelJob[];
}

/** Takes all there is, and expects that to be `expected`, each once. */
async function drain(model: Model, real: Real, { worker, count, expected }: Draining): Promise<void> {
  const jobs = new Map(expected.map((job) => [nameOf(job.ref), job]));
  const deliveries = await takeAll(real, choose(real.workers, worker), count);
  expect(deliveries.map(nameOf).sort()).toEqual([...jobs.keys()].sort());
  for (const delivery of deliveries) {
    const job = jobs.get(nameOf(delivery));
    if (job === undefined) continue;
    noteDelivery(model, real, job, worker, delivery);
    job.watched = false;
  }
}

/**
 * An idle worker's read while groups catch up: the first entry of each lane that they have not handed out yet,
 * whatever its place. Those from before the last look go back, as in `workers/intake/take-loop.ts`; `adrift` are in no place.
 */
async function readAmid(
  model: Model,
  real: Real,
  worker: number,
  { looked, adrift }: { looked: number; adrift: Set<ModelJob> },
): Promise<void> {
  const consumer = choose(real.workers, worker);
  const awaited = await consumer.awaitWork([{ keys: real.keys, paused: false }], 1);
  const jobs: ModelJob[] = [];
  const strays: (Awaited & { kind: 'job' })[] = [];
  for (const one of awaited) {
    if (one.kind !== 'job') continue;
    const job = choose(
      model.jobs.filter(({ ref }) => nameOf(ref) === nameOf(one)),
      0,
    );
    jobs.push(job);
    if (entryTime(one.entryId) >= looked) noteDelivery(model, real, job, worker, firstDelivery(one));
    else {
      strays.push(one);
      if (job.status === 'queued') Object.assign(job, { status: 'retrying', when: 'now' });
      if (adrift.delete(job)) job.progress = undefined;
    }
  }
  const handedBack = strays.map((ref) => ({ ref, token: 1, begun: false }));
  expect(await consumer.release(real.keys, handedBack)).toEqual(strays.map(() => 'done'));
  await tell(model, real, worker, awaited, jobs);
}

/** When the workers looked last: later than all that is there, and before all that comes. */
async function lookedAt(real: Real, worker: number): Promise<number> {
  await passDelay(real);
  const taken = await take(choose(real.workers, worker), real.keys, NOTHING);
  if (taken.kind === 'no-lease') throw new Error('the lease was not known');
  return taken.now;
}

interface Destruction {
  places: (typeof PLACES)[number][];
  /** Who takes what there is in the end. */
  worker: number;
  count: number;
  /** Who reads before, in order. */
  readers: number[];
  /** A job that comes at the same time. */
  fresh: JobOptions | undefined;
  sweepFirst: boolean;
  /** Whether somebody has just asked to cancel a running job. */
  cancels: boolean;
}

/** Groups are destroyed and made anew: everything that may run is handed out once, whoever ran it before. */
export const destroyGroups = step<Destruction>({
  name: 'destroy groups',
  args: fc.record({
    places: fc.subarray([...PLACES], { minLength: 1 }),
    worker: whichever,
    count: fc.integer({ min: 1, max: 5 }),
    readers: fc.array(whichever, { maxLength: 3 }),
    fresh: fc.option(jobOptions, { nil: undefined }),
    sweepFirst: fc.boolean(),
    cancels: fc.boolean(),
  }),
  possible: (model) => !model.paused && model.leased().length > 0,
  async act(model, real, { places, worker: which, count, readers, fresh, sweepFirst, cancels }) {
    const { keys, redis } = real;
    const worker = choose(model.leased(), which);
    const looked = await lookedAt(real, worker);
    if (fresh !== undefined && model.room() > 0) await submitOne(model, real, fresh);
    const running = model.held().at(-1);
    if (cancels && running !== undefined) await askToCancel(running, real);
    for (const place of places) await redis.client.xgroup('DESTROY', keys.stream[place], GROUP);
    const lost = model.held().filter(({ job }) => places.includes(job.ref.place));
    for (const handout of lost) model.lose(handout);
    await ensureGroups(redis.client, keys);
    const adrift = new Set(lost.map(({ job }) => job));
    for (const reader of readers) {
      await readAmid(model, real, choose(model.leased(), reader), { looked, adrift });
    }

    // No lane hands out what is parked: only a sweep finds that.
    const hidden = lost.map(({ job }) => job).filter(({ ref }) => ref.place === 'parked');
    if (sweepFirst) expect(await sweepAll(real)).toBe(hidden.length);
    const expected = model.runnable().filter((job) => sweepFirst || !hidden.includes(job));
    await drain(model, real, { worker, count, expected });
    if (!sweepFirst) expect(await sweepAll(real)).toBe(hidden.length);
    const settings = await redis.client.hkeys(keys.settings);
    expect(settings.filter((field) => field.startsWith('heal:'))).toEqual([]);
  },
});
