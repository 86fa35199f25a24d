import fc from 'fast-check';
import { expect } from 'vitest';
import { CANCEL_PATIENCE_MS } from '../../../../src/lifecycle/scripts/cancel.ts';
import { RANK_SPAN } from '../../../../src/lifecycle/scripts/lua.ts';
import { formatRef } from '../../../../src/redis/job-id.ts';
import { WAITING_STATUSES } from '../../../../src/schemas/values/names.ts';
import { outcomeOf } from '../compare.ts';
import { hasEnded, type ModelDelivery, type ModelJob, shownStatus } from '../job.ts';
import type { Model } from '../model.ts';
import { passDelay, type Real } from '../real.ts';
import { anyIndex, choose, step } from '../step.ts';
import { allSteps } from './dead.ts';

const anyJob = (model: Readonly<Model>) => model.jobs.length > 0;

/** Each present status is equally likely, since most jobs soon share one status. */
export const anyStatus = fc.record({ status: anyIndex, which: anyIndex });
export function chooseByStatus(model: Model, { status, which }: { status: number; which: number }): ModelJob {
  const present = [...new Set(model.jobs.map((job) => job.status))].sort();
  const chosen = choose(present, status);
  return choose(
    model.jobs.filter((job) => job.status === chosen),
    which,
  );
}

const inAnHour = (model: Readonly<Model>) =>
  model.jobs.filter(
    ({ status, when }) => (status === 'scheduled' || status === 'retrying') && when === 'in an hour',
  );

/** A client asks to cancel a running job. */
export async function askToCancel({ job }: ModelDelivery, { jobOperator }: Real): Promise<void> {
  job.cancelAsked = true;
  expect(await jobOperator.cancel(job.id)).toMatchObject({ done: false, job: { status: 'running' } });
}

export const outside = [
  step({
    name: 'cancel',
    args: anyStatus,
    possible: anyJob,
    async act(model, { jobOperator }, args) {
      const job = chooseByStatus(model, args);
      const answer = await outcomeOf(jobOperator.cancel(job.id));
      if (job.status === 'gone') expect(answer).toBe('job-gone');
      else if (hasEnded(job)) expect(answer).toBe('job-finished');
      else {
        const runs = job.status === 'running';
        if (runs) job.cancelAsked = true;
        else model.cancelOrExpire(job, 'cancelled');
        expect(answer).toMatchObject({ done: !runs, job: { id: job.id, status: job.status } });
      }
    },
  }),
  step({
    name: 'cancel waiting jobs',
    args: fc.record({ status: fc.constantFrom(...WAITING_STATUSES), limit: fc.integer({ min: 1, max: 3 }) }),
    possible: anyJob,
    async act(model, real, { status, limit }) {
      // The operation leaves alone jobs that came after the millisecond of its start.
      await passDelay(real);
      const jobs = model.jobs.filter((job) => shownStatus(job.status, job) === status);
      for (const job of jobs) model.cancelOrExpire(job, 'cancelled');
      const { queueOperator, keys } = real;
      const cancelled = await allSteps((cursor) =>
        queueOperator.cancelJobs(keys.queue, { status, limit, ...cursor }),
      );
      expect(cancelled).toBe(jobs.length);
    },
  }),
  step({
    name: 'ask to cancel',
    args: fc.record({ which: anyIndex }),
    possible: (model) => model.held().length > 0,
    act: (model, real, { which }) => askToCancel(choose(model.held(), which), real),
  }),
  step({
    name: 'cancel a job that does not stop',
    args: fc.record({ which: anyIndex }),
    possible: (model) => model.held().length > 0,
    async act(model, { jobOperator, redis: { client }, keys }, { which }) {
      const { job } = choose(model.held(), which);
      if (!job.cancelAsked) expect(await jobOperator.cancel(job.id)).toMatchObject({ done: false });
      // A test cannot move the clock of Redis, so it moves the cancel request into the past.
      await client.hincrby(keys.notes, `${formatRef(job.ref)}:c`, -CANCEL_PATIENCE_MS);
      model.forceCancel(job);
      expect(await jobOperator.cancel(job.id)).toMatchObject({ done: true, job: { status: 'cancelled' } });
    },
  }),
  step({
    name: 'remove',
    args: anyStatus,
    possible: anyJob,
    async act(model, { jobOperator }, args) {
      const job = chooseByStatus(model, args);
      const answer = await outcomeOf(jobOperator.remove(job.id));
      if (model.expiredJobs().includes(job)) model.cancelOrExpire(job, 'expired');
      if (job.status === 'gone') expect(answer).toBe('job-gone');
      else if (!hasEnded(job)) expect(answer).toBe('job-not-finished');
      else {
        expect(answer).toMatchObject({ id: job.id, status: job.status });
        model.remove(job);
      }
    },
  }),
  step({
    name: 'manual retry',
    args: anyStatus,
    possible: anyJob,
    async act(model, { jobOperator }, args) {
      const job = chooseByStatus(model, args);
      const answer = await outcomeOf(jobOperator.retry(job.id));
      if (model.expiredJobs().includes(job)) model.cancelOrExpire(job, 'expired');
      if (job.status === 'gone') expect(answer).toBe('job-gone');
      else if (job.status !== 'failed') expect(answer).toBe('job-not-failed');
      else {
        model.requeue(job);
        expect(answer).toMatchObject({ id: job.id, status: 'queued', attempt: 0 });
      }
    },
  }),
  step({
    name: 'pause or resume',
    // A paused queue moves few jobs, so resuming is more likely.
    args: fc.record({ paused: fc.constantFrom(false, false, true) }),
    async act(model, { queueOperator, keys }, { paused }) {
      model.paused = paused;
      expect(await queueOperator.setPaused(keys.queue, paused)).toMatchObject({ paused });
    },
  }),
  step({
    name: 'limit',
    args: fc.record({ spare: fc.option(fc.nat({ max: 4 })) }),
    async act(model, { queueOperator, keys }, { spare }) {
      const maxJobs = spare === null ? null : Math.max(1, model.live().length + spare);
      model.maxJobs = maxJobs ?? Number.POSITIVE_INFINITY;
      const { maxJobs: set } = await queueOperator.configure(keys.queue, { maxJobs });
      expect(set ?? null).toBe(maxJobs);
    },
  }),
  step({
    name: 'an hour passes for a job',
    args: fc.record({ which: anyIndex }),
    possible: (model) => inAnHour(model).length > 0,
    async act(model, { redis: { client }, keys }, { which }) {
      const job = choose(inAnHour(model), which);
      job.when = 'now';
      const set = job.status === 'scheduled' ? keys.scheduled : keys.due[job.ref.place];
      // A test cannot move the clock of Redis, so it moves the due time.
      await client.zadd(set, 'XX', 1, formatRef(job.ref));
      const rank = Number((await client.zscore(keys.ranked, formatRef(job.ref))) ?? 0);
      await client.zadd(keys.ranked, 'XX', rank - (rank % RANK_SPAN) + 1, formatRef(job.ref));
    },
  }),
];

/** A client queueReads the listing or the statistics of the queue. */
export async function readQueue(
  model: Model,
  { queueInspector, keys }: Real,
  listing: boolean,
): Promise<void> {
  model.expire();
  if (listing) await queueInspector.list(keys.queue, { limit: 1 });
  else await queueInspector.stats(keys.queue);
}

/** A read ends expired jobs. */
export const queueReads = [
  step({
    name: 'read the queue',
    args: fc.record({ listing: fc.boolean() }),
    possible: anyJob,
    act: (model, real, { listing }) => readQueue(model, real, listing),
  }),
  step({
    name: 'read an expired job',
    args: fc.record({ which: anyIndex }),
    possible: (model) => model.expiredJobs().length > 0,
    async act(model, { jobInspector }, { which }) {
      const job = choose(model.expiredJobs(), which);
      model.cancelOrExpire(job, 'expired');
      expect(await jobInspector.find(job.id)).toMatchObject({ status: 'expired', attempt: 0 });
    },
  }),
];
