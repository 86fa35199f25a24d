import fc from 'fast-check';
import { expect } from 'vitest';
import { formatRef } from '../../../../src/redis/job-id.ts';
import { GROUP } from '../../../../src/redis/keys.ts';
import { indexedTags } from '../compare.ts';
import type { Model } from '../model.ts';
import { sweepAll } from '../real.ts';
import { anyIndex, choose, step } from '../step.ts';

const waits = (model: Readonly<Model>) =>
  model.jobs.filter(({ status }) => status === 'scheduled' || status === 'retrying');

const busy = (model: Readonly<Model>) =>
  model.leased().filter((worker) => model.held().some((delivery) => delivery.worker === worker));

/** A replica that misses the last writes loses these records. A sweep finds the jobs. */
export const accidents = [
  step({
    name: 'sweep',
    args: fc.constant({}),
    async act(model, real) {
      expect(await sweepAll(real)).toBe(0);
      const gone = new Set(model.jobs.filter(({ status }) => status === 'gone').map(({ id }) => id));
      expect((await indexedTags(real)).filter(({ id }) => gone.has(id))).toEqual([]);
    },
  }),
  step({
    name: 'a delivery is lost',
    args: fc.record({ which: anyIndex }),
    possible: (model) => model.held().length > 0,
    async act(model, real, { which }) {
      const delivery = choose(model.held(), which);
      const { place, entryId } = delivery.job.ref;
      await real.redis.client.xack(real.keys.stream[place], GROUP, entryId);
      model.lose(delivery);
      expect(await sweepAll(real)).toBe(1);
    },
  }),
  step({
    name: 'a wait is lost',
    args: fc.record({ which: anyIndex }),
    possible: (model) => waits(model).length > 0,
    async act(model, real, { which }) {
      const job = choose(waits(model), which);
      const set = job.status === 'scheduled' ? real.keys.scheduled : real.keys.due[job.ref.place];
      await real.redis.client.zrem(set, formatRef(job.ref));
      Object.assign(job, { status: 'retrying', when: 'now' });
      expect(await sweepAll(real)).toBe(1);
    },
  }),
  step({
    name: 'the place of a held job is lost',
    args: fc.record({ which: anyIndex }),
    possible: (model) => model.jobs.some(({ heldAt }) => heldAt !== undefined),
    async act(model, real, { which }) {
      const job = choose(
        model.jobs.filter(({ heldAt }) => heldAt !== undefined),
        which,
      );
      await real.redis.client.zrem(real.keys.holds, job.heldAt ?? '');
      Object.assign(job, { status: 'retrying', when: 'now', heldAt: undefined });
      expect(await sweepAll(real)).toBe(1);
    },
  }),
  step({
    name: 'a lease is lost',
    args: fc.record({ worker: anyIndex }),
    possible: (model) => busy(model).length > 0,
    async act(model, real, { worker: which }) {
      const worker = choose(busy(model), which);
      await real.redis.client.zrem(real.keys.leases, choose(real.workers, worker).name);
      expect(await sweepAll(real)).toBe(0);
      model.leases[worker] = 'over';
    },
  }),
];
