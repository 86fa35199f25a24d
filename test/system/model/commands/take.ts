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
import { choose, step, whichever } from '../step.ts';
import { look } from './outside.ts';

export function noteDelivery(
  model: Model,
  real: Real,
  job: ModelJob,
  worker: number,
  delivery: Delivery,
): void {
  const { attempt, token } = model.handOut(job, worker);
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

/** The delivery that a worker makes of what a blocking read brought. */
export function firstDelivery({ keys, place, entryId, fields }: Awaited & { kind: 'job' }): Delivery {
  const first = { attempt: 1, token: 1, losses: 0, begun: false, cancelAsked: false };
  return { keys, place, entryId, fields, takenAt: 0, readyAt: 0, ...first };
}

/** The sets in which jobs wait for their time, in the order in which they are looked through. */
const SETS: readonly { status: 'scheduled' | 'retrying'; place: Place }[] = [
  { status: 'scheduled', place: 'parked' },
  ...PLACES.map((place) => ({ status: 'retrying' as const, place })),
];

export const nameOf = ({ place, entryId }: { place: Place; entryId: string }) => `${place} ${entryId}`;

/** Jobs of `deliveries` in order: due ones, of each set as many as fit, and then the lanes to the letter. */
function expectedJobs(
  model: Model,
  deliveries: readonly Delivery[],
  { count, favoured, share }: { count: number; favoured: number; share: number },
): ModelJob[] {
  const expected: ModelJob[] = [];
  for (const { status, place } of SETS) {
    const due = new Map(model.waiting(status, place).map((job) => [nameOf(job.ref), job]));
    const fitting = Math.min(due.size, count - expected.length);
    // Those of one set go by their time, which the model does not know.
    const found = deliveries.slice(expected.length, expected.length + fitting).map((delivery) => {
      const job = due.get(nameOf(delivery));
      due.delete(nameOf(delivery));
      return job;
    });
    expect(found, `${fitting} of those that are ${status} in ${place}`).not.toContain(undefined);
    expected.push(...found.filter((job) => job !== undefined));
  }
  return [...expected, ...model.fromLanes(count - expected.length, favoured, share)];
}

/** The time until the next due job: none, at once, or later. */
function expectNextDue(model: Model, taken: Taken & { kind: 'taken' }): void {
  const waits = model.jobs.filter(({ status }) => status === 'scheduled' || status === 'retrying');
  if (model.paused || waits.length === 0) expect(taken.nextDueInMs).toBeUndefined();
  else if (waits.some(({ when }) => when === 'now')) expect(taken.nextDueInMs).toBe(0);
  else expect(taken.nextDueInMs).toBeGreaterThan(0);
}

export const taking = step({
  name: 'take',
  args: fc.record({
    worker: whichever,
    count: fc.integer({ min: 1, max: 5 }),
    favoured: fc.nat({ max: PRIORITIES.length }),
    share: fc.integer({ min: 1, max: 2 }),
  }),
  possible: (model) => model.runnable().length > 0,
  async act(model, real, { worker: which, ...limits }) {
    const worker = which % real.workers.length;
    const options = { count: limits.count, favouredLane: limits.favoured, share: limits.share };
    const taken = await take(choose(real.workers, which), real.keys, options);
    if (model.leases[worker] === 'none') {
      expect(taken).toEqual({ kind: 'no-lease' });
      await renew(model, real, worker);
      return;
    }
    if (taken.kind === 'no-lease') throw new Error('the lease was not known');
    const jobs = model.paused ? [] : expectedJobs(model, taken.deliveries, limits);
    expect(taken.deliveries.map(nameOf)).toEqual(jobs.map(({ ref }) => nameOf(ref)));
    jobs.forEach((job, i) => {
      noteDelivery(model, real, job, worker, choose(taken.deliveries, i));
      job.watched = false;
    });
    expect(taken.paused).toBe(model.paused);
    expectNextDue(model, taken);
  },
});

/**
 * What an idle worker does: a blocking read hands jobs out, and the script is told of it afterwards. A worker that is
 * told to stop meanwhile hands them back at once, which somebody sees, and one that is slow says nothing for a while.
 */
export const read = step({
  name: 'read',
  args: fc.record({
    worker: whichever,
    next: fc.constantFrom('tells', 'hands back', 'says nothing'),
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
    if (next === 'tells') await tell(model, real, worker, awaited, jobs);
    if (next === 'hands back') {
      await handBack(model, real, worker, hasBegun);
      await look(model, real, hasBegun);
    }
  },
});

/** Everything that a worker holds goes back, in one call. */
async function handBack(model: Model, real: Real, worker: number, begun: boolean): Promise<void> {
  const handouts = model.held().filter((handout) => handout.worker === worker);
  const jobs = handouts.map(({ job, token }) => ({ ref: job.ref, token, begun }));
  const settled = await choose(real.workers, worker).release(real.keys, jobs);
  expect(settled).toEqual(handouts.map((handout) => model.release(handout, begun, 'now')));
}

/** The script settles what a read brought: from then on nobody ends the jobs because they have lapsed. */
export async function tell(
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
  for (const job of jobs) job.watched = false;
}
