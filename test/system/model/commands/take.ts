import fc from 'fast-check';
import { expect } from 'vitest';
import type { Awaited, Delivery, Taken } from '../../../../src/lifecycle/consumer.ts';
import { decodeEntry } from '../../../../src/redis/entry.ts';
import { formatRef } from '../../../../src/redis/job-id.ts';
import type { Place } from '../../../../src/redis/keys.ts';
import { PRIORITIES, type Priority } from '../../../../src/schemas/values/names.ts';
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
    checkpoint: delivery.checkpoint,
  }).toEqual({
    attempt,
    token,
    cancelAsked: job.cancelAsked,
    begun: job.begun,
    losses: job.losses,
    payload: String(job.payload),
    checkpoint: job.checkpoint === undefined ? undefined : String(job.checkpoint),
  });
}

/** The delivery that a worker makes from an entry of a blocking read. */
export function firstDelivery({ keys, place, entryId, fields }: Awaited & { kind: 'job' }): Delivery {
  const first = { attempt: 1, token: 1, losses: 0, begun: false, cancelAsked: false };
  return { keys, place, entryId, fields, takenAt: 0, readyAt: 0, ...first };
}

/** The class of all held jobs of a model. */
export const HELD_CLASS = 'task:work\nv1';

export const nameOf = ({ place, entryId }: { place: Place; entryId: string }) => `${place} ${entryId}`;

interface Limits {
  count: number;
  favoured: number;
  share: number;
  favoursDue: boolean;
  fromHolds: boolean;
}

/**
 * The expected jobs of `deliveries`, in order: of each priority the due ones, the held ones, then the lane; favoured jobs
 * go first.
 */
class Expectation {
  readonly jobs: ModelJob[] = [];
  readonly #model: Model;
  readonly #deliveries: readonly Delivery[];
  readonly #count: number;

  constructor(model: Model, deliveries: readonly Delivery[], limits: Limits) {
    const { count, favoured, share, favoursDue, fromHolds } = limits;
    this.#model = model;
    this.#deliveries = deliveries;
    this.#count = count;
    const first = PRIORITIES[favoured - 1];
    if (first !== undefined) {
      const left = () => share - this.jobs.length;
      if (favoursDue) this.#addDue(first, left());
      if (fromHolds) this.#add(model.heldOf(first), left());
      this.#add(model.waiting('queued', first), left());
      this.#addDue(first, left());
    }
    for (const priority of PRIORITIES) {
      this.#addDue(priority, count);
      if (fromHolds) this.#add(model.heldOf(priority), count);
      this.#add(model.waiting('queued', priority), count);
    }
  }

  #add(inOrder: readonly ModelJob[], most: number): void {
    const left = inOrder.filter((job) => !this.jobs.includes(job));
    this.jobs.push(...left.slice(0, Math.max(0, Math.min(most, this.#count - this.jobs.length))));
  }

  /** Redis sorts due jobs by their times, which the model does not know. */
  #addDue(priority: Priority, most: number): void {
    const due = this.#model.due(priority).filter((job) => !this.jobs.includes(job));
    const fitting = Math.max(0, Math.min(due.length, most, this.#count - this.jobs.length));
    const names = this.#deliveries.slice(this.jobs.length, this.jobs.length + fitting).map(nameOf);
    const found = due.filter(({ ref }) => names.includes(nameOf(ref)));
    expect(found, `the take should deliver ${fitting} due jobs of priority ${priority}`).toHaveLength(
      fitting,
    );
    this.jobs.push(...names.flatMap((name) => found.find(({ ref }) => nameOf(ref) === name) ?? []));
  }
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
    favoursDue: fc.boolean(),
    fromHolds: fc.boolean(),
  }),
  possible: (model) => model.runnable().length > 0 || model.jobs.some(({ heldAt }) => heldAt !== undefined),
  async act(model, real, { worker: which, ...limits }) {
    const worker = which % real.workers.length;
    const { favoured: favouredLane, fromHolds, ...more } = limits;
    const options = { ...more, favouredLane, classes: fromHolds ? [HELD_CLASS] : [] };
    const taken = await take(choose(real.workers, which), real.keys, options);
    if (model.leases[worker] === 'none') {
      expect(taken).toEqual({ kind: 'no-lease' });
      await renew(model, real, worker);
      return;
    }
    if (taken.kind === 'no-lease') throw new Error('the worker has no lease');
    const { jobs } = model.paused ? { jobs: [] } : new Expectation(model, taken.deliveries, limits);
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
      [{ keys: real.keys, hearsOnlyWake: model.paused }],
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
