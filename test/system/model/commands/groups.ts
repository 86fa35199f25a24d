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
import { anyIndex, choose, step } from '../step.ts';
import { askToCancel } from './outside.ts';
import { submitOne } from './submit.ts';
import { firstDelivery, nameOf, noteDelivery, settleRead } from './take.ts';

/** Takes until no job comes and none is due. A group that catches up may put back all the jobs of one take. */
async function takeAll({ keys }: Real, consumer: WaitingConsumer, count: number): Promise<Delivery[]> {
  const all: Delivery[] = [];
  for (;;) {
    const taken = await take(consumer, keys, { count });
    if (taken.kind === 'no-lease') throw new Error('the worker has no lease');
    all.push(...taken.deliveries);
    if (taken.deliveries.length === 0 && taken.nextDueInMs !== 0) return all;
  }
}

interface Draining {
  worker: number;
  count: number;
  expected: readonly ModelJob[];
}

/** Takes all jobs and expects each of `expected` once. */
async function drain(model: Model, real: Real, { worker, count, expected }: Draining): Promise<void> {
  const jobs = new Map(expected.map((job) => [nameOf(job.ref), job]));
  const deliveries = await takeAll(real, choose(real.workers, worker), count);
  expect(deliveries.map(nameOf).sort()).toEqual([...jobs.keys()].sort());
  for (const delivery of deliveries) {
    const job = jobs.get(nameOf(delivery));
    if (job === undefined) continue;
    noteDelivery(model, real, job, worker, delivery);
    job.expirable = false;
  }
}

/**
 * An idle worker reads while groups catch up. It gets the first undelivered entry of each lane.
 * It releases entries from before the last take, as `workers/intake/take-loop.ts` does.
 * Jobs in `unplaced` are in no place.
 */
async function readDuringCatchUp(
  model: Model,
  real: Real,
  worker: number,
  { lastTake, unplaced, read }: { lastTake: number; unplaced: Set<ModelJob>; read: Set<ModelJob> },
): Promise<void> {
  const consumer = choose(real.workers, worker);
  const awaited = await consumer.awaitWork([{ keys: real.keys, hearsOnlyWake: false }], 1);
  const jobs: ModelJob[] = [];
  const outdated: (Awaited & { kind: 'job' })[] = [];
  for (const one of awaited) {
    if (one.kind !== 'job') continue;
    const job = choose(
      model.jobs.filter(({ ref }) => nameOf(ref) === nameOf(one)),
      0,
    );
    jobs.push(job);
    if (entryTime(one.entryId) >= lastTake) noteDelivery(model, real, job, worker, firstDelivery(one));
    else {
      outdated.push(one);
      // A held job only leaves the pending list again.
      if (job.heldAt !== undefined) read.add(job);
      else if (job.status === 'queued') Object.assign(job, { status: 'retrying', when: 'now' });
      if (unplaced.delete(job)) job.progress = undefined;
    }
  }
  const releases = outdated.map((ref) => ({ ref, token: 1, begun: false }));
  expect(await consumer.release(real.keys, releases)).toEqual(outdated.map(() => 'done'));
  await settleRead(model, real, worker, awaited, jobs);
}

/** Returns the time of an empty take. All present entries are older, and all later entries are newer. */
async function lastTakeTime(real: Real, worker: number): Promise<number> {
  await passDelay(real);
  const taken = await take(choose(real.workers, worker), real.keys, NOTHING);
  if (taken.kind === 'no-lease') throw new Error('the worker has no lease');
  return taken.now;
}

interface Destruction {
  places: (typeof PLACES)[number][];
  /** The worker that takes all jobs at the end. */
  worker: number;
  count: number;
  /** The workers that read first, in order. */
  readers: number[];
  /** A job that a client submits just before the destruction. */
  newJob: JobOptions | undefined;
  sweepFirst: boolean;
  /** Whether a client asks to cancel a running job just before the destruction. */
  cancels: boolean;
}

/** The step destroys groups and creates them again. Workers then receive each runnable job exactly once. */
export const destroyGroups = step<Destruction>({
  name: 'destroy groups',
  args: fc.record({
    places: fc.subarray([...PLACES], { minLength: 1 }),
    worker: anyIndex,
    count: fc.integer({ min: 1, max: 5 }),
    readers: fc.array(anyIndex, { maxLength: 3 }),
    newJob: fc.option(jobOptions, { nil: undefined }),
    sweepFirst: fc.boolean(),
    cancels: fc.boolean(),
  }),
  possible: (model) => !model.paused && model.leased().length > 0,
  async act(model, real, { places, worker: which, count, readers, newJob, sweepFirst, cancels }) {
    const { keys, redis } = real;
    const worker = choose(model.leased(), which);
    const lastTake = await lastTakeTime(real, worker);
    if (newJob !== undefined && model.freeDepth() > 0) await submitOne(model, real, newJob);
    const running = model.held().at(-1);
    if (cancels && running !== undefined) await askToCancel(running, real);
    for (const place of places) await redis.client.xgroup('DESTROY', keys.stream[place], GROUP);
    const lost = model.held().filter(({ job }) => places.includes(job.ref.place));
    for (const delivery of lost) model.lose(delivery);
    await ensureGroups(redis.client, keys);
    const unplaced = new Set(lost.map(({ job }) => job));
    const read = new Set<ModelJob>();
    for (const reader of readers) {
      await readDuringCatchUp(model, real, choose(model.leased(), reader), { lastTake, unplaced, read });
    }
    // Its lane delivers a held job again, which is then due.
    for (const job of model.jobs) {
      const isDelivered = places.includes(job.ref.place) && job.ref.place !== 'parked' && !read.has(job);
      if (job.heldAt === undefined || !isDelivered) continue;
      Object.assign(job, { status: 'retrying', when: 'now', heldAt: undefined });
    }

    // No lane delivers parked jobs: only a sweep finds them.
    const hidden = lost.map(({ job }) => job).filter(({ ref }) => ref.place === 'parked');
    if (sweepFirst) expect(await sweepAll(real)).toBe(hidden.length);
    const expected = model.runnable().filter((job) => sweepFirst || !hidden.includes(job));
    await drain(model, real, { worker, count, expected });
    if (!sweepFirst) expect(await sweepAll(real)).toBe(hidden.length);
    const settings = await redis.client.hkeys(keys.settings);
    expect(settings.filter((field) => field.startsWith('heal:'))).toEqual([]);
  },
});
