import fc from 'fast-check';
import { expect } from 'vitest';
import type { Awaited, Delivery, Taken } from '../../../../src/lifecycle/consumer.ts';
import { decodeEntry } from '../../../../src/redis/entry.ts';
import { formatRef } from '../../../../src/redis/job-id.ts';
import { PLACES, type Place } from '../../../../src/redis/keys.ts';
import { PRIORITIES } from '../../../../src/schemas/values/names.ts';
import { take } from '../../../helpers/workers/moves.ts';
import type { ModelJob } from '../job.ts';
import type { Model } from '../model.ts';
import type { Real } from '../real.ts';
import { renew } from '../renew.ts';
import { anyIndex, choose, step } from '../step.ts';
import { readQueue } from './outside.ts';

export function noteDelivery(
  model: Model,
  real: Real,
  job: ModelJob,
  worker: number,
  delivery: Delivery,
): void {
  const { attempt, token } = model.deliver(job, worker);
  real.deliveries.push(delivery);
  expect({
    attempt: delivery.attempt,
    token: delivery.token,
    cancelAsked: delivery.cancelAsked,
    begun: delivery.begun,
    losses: delivery.losses,
    payload: decodeEntry(delivery.fields)?.payload,
  }).toEqual({
    attempt,
    token,
    cancelAsked: job.cancelAsked,
    begun: job.begun,
    losses: job.losses,
    payload: String(job.payload),
  });
}

/** The delivery that a worker makes from an entry of a blocking read. */
export function firstDelivery({ keys, place, entryId, fields }: Awaited & { kind: 'job' }): Delivery {
  const first = { attempt: 1, token: 1, losses: 0, begun: false, cancelAsked: false };
  return { keys, place, entryId, fields, takenAt: 0, readyAt: 0, ...first };
}

/** The class of all held jobs of a model. */
export const HELD_CLASS = 'task:work\nv1';

/** The sets of waiting jobs, in the order in which the take script reads them. */
const SETS: readonly { status: 'scheduled' | 'retrying'; place: Place }[] = [
  { status: 'scheduled', place: 'parked' },
  ...PLACES.map((place) => ({ status: 'retrying' as const, place })),
];

export const nameOf = ({ place, entryId }: { place: Place; entryId: string }) => `${place} ${entryId}`;

/** The expected jobs of `deliveries`, in order: due jobs of each set up to `count`, then the jobs of the lanes. */
function expectedJobs(
  model: Model,
  deliveries: readonly Delivery[],
  {
    count,
    favoured,
    share,
    fromHolds,
  }: { count: number; favoured: number; share: number; fromHolds: boolean },
): ModelJob[] {
  const expected: ModelJob[] = [];
  for (const { status, place } of SETS) {
    const due = new Map(model.waiting(status, place).map((job) => [nameOf(job.ref), job]));
    const fitting = Math.min(due.size, count - expected.length);
    // Redis sorts one set by due time, which the model does not know.
    const found = deliveries.slice(expected.length, expected.length + fitting).map((delivery) => {
      const job = due.get(nameOf(delivery));
      due.delete(nameOf(delivery));
      return job;
    });
    expect(found, `the take should deliver ${fitting} ${status} jobs of ${place}`).not.toContain(undefined);
    expected.push(...found.filter((job) => job !== undefined));
  }
  return [...expected, ...model.fromLanes(count - expected.length, favoured, share, fromHolds)];
}

/** Compares the time until the next due job: undefined, 0 or later. */
function expectNextDue(model: Model, taken: Taken & { kind: 'taken' }): void {
  const waits = model.jobs.filter(({ status }) => status === 'scheduled' || status === 'retrying');
  if (model.paused || waits.length === 0) expect(taken.nextDueInMs).toBeUndefined();
  else if (waits.some(({ when }) => when === 'now')) expect(taken.nextDueInMs).toBe(0);
  else expect(taken.nextDueInMs).toBeGreaterThan(0);
}

export const taking = step({
  name: 'take',
  args: fc.record({
    worker: anyIndex,
    count: fc.integer({ min: 1, max: 5 }),
    favoured: fc.nat({ max: PRIORITIES.length }),
    share: fc.integer({ min: 1, max: 2 }),
    fromHolds: fc.boolean(),
  }),
  possible: (model) => model.runnable().length > 0 || model.jobs.some(({ heldAt }) => heldAt !== undefined),
  async act(model, real, { worker: which, ...limits }) {
    const worker = which % real.workers.length;
    const classes = limits.fromHolds ? [HELD_CLASS] : [];
    const options = { count: limits.count, favouredLane: limits.favoured, share: limits.share, classes };
    const taken = await take(choose(real.workers, which), real.keys, options);
    if (model.leases[worker] === 'none') {
      expect(taken).toEqual({ kind: 'no-lease' });
      await renew(model, real, worker);
      return;
    }
    if (taken.kind === 'no-lease') throw new Error('the worker has no lease');
    const jobs = model.paused ? [] : expectedJobs(model, taken.deliveries, limits);
    expect(taken.deliveries.map(nameOf)).toEqual(jobs.map(({ ref }) => nameOf(ref)));
    jobs.forEach((job, i) => {
      noteDelivery(model, real, job, worker, choose(taken.deliveries, i));
      job.expirable = false;
    });
    expect(taken.paused).toBe(model.paused);
    expect(taken.hasHolds).toBe(!model.paused && model.jobs.some(({ heldAt }) => heldAt !== undefined));
    expectNextDue(model, taken);
  },
});

/**
 * An idle worker gets jobs by a blocking read and reports them to the script afterwards. A worker that stops
 * meanwhile releases the jobs, and a client then reads the queue. A slow worker does not report yet.
 */
export const blockingRead = step({
  name: 'blocking read',
  args: fc.record({
    worker: anyIndex,
    next: fc.constantFrom('settles', 'releases', 'waits'),
    begun: fc.boolean(),
  }),
  possible: (model) => model.leased().length > 0,
  async act(model, real, { worker: which, next, begun: hasBegun }) {
    const worker = choose(model.leased(), which);
    const awaited = await choose(real.workers, worker).awaitWork(
      [{ keys: real.keys, paused: model.paused }],
      1,
    );
    const begun = awaited.flatMap((one) => (one.kind === 'job' ? [one] : []));
    const jobs = model.paused ? [] : PRIORITIES.flatMap((lane) => model.waiting('queued', lane).slice(0, 1));
    expect(begun.map(nameOf)).toEqual(jobs.map(({ ref }) => nameOf(ref)));
    jobs.forEach((job, i) => {
      noteDelivery(model, real, job, worker, firstDelivery(choose(begun, i)));
    });
    if (next === 'settles') await settleRead(model, real, worker, awaited, jobs);
    if (next === 'releases') {
      await releaseAll(model, real, worker, hasBegun);
      await readQueue(model, real, hasBegun);
    }
  },
});

/** A worker releases all its jobs in one call. */
async function releaseAll(model: Model, real: Real, worker: number, begun: boolean): Promise<void> {
  const deliveries = model.held().filter((delivery) => delivery.worker === worker);
  const jobs = deliveries.map(({ job, token }) => ({ ref: job.ref, token, begun }));
  const settled = await choose(real.workers, worker).release(real.keys, jobs);
  expect(settled).toEqual(deliveries.map((delivery) => model.release(delivery, begun, 'now')));
}

/** The script settles the entries of a blocking read. No read can expire these jobs afterwards. */
export async function settleRead(
  model: Model,
  { keys, workers }: Real,
  worker: number,
  awaited: readonly Awaited[],
  jobs: readonly ModelJob[],
): Promise<void> {
  const tokens = awaited.flatMap((one) => (one.kind === 'token' ? [one.token] : []));
  const begun = jobs.map(({ ref }) => formatRef(ref));
  const taken = await take(choose(workers, worker), keys, { tokens, begun });
  expect(taken).toMatchObject({ kind: 'taken', deliveries: [], paused: model.paused });
  for (const job of jobs) job.expirable = false;
}
