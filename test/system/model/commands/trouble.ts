import fc from 'fast-check';
import { expect } from 'vitest';
import { extendLease } from '../../../../src/lifecycle/scripts/extend-lease.ts';
import { type Recovery, recover } from '../../../../src/lifecycle/scripts/recover.ts';
import { formatRef } from '../../../../src/redis/job-id.ts';
import type { ModelJob } from '../job.ts';
import { HOUR_MS, killRedis } from '../real.ts';
import { renew } from '../renew.ts';
import { anyIndex, choose, step } from '../step.ts';

/** The recovery reports the lost jobs that have a cancel request. */
function expectCancelled({ cancelled }: Recovery, lost: readonly ModelJob[]): void {
  expect(cancelled.map(formatRef).sort()).toEqual(
    lost
      .filter(({ cancelAsked }) => cancelAsked)
      .map(({ ref }) => formatRef(ref))
      .sort(),
  );
}

export const leases = [
  step({
    name: 'a lease runs out',
    args: fc.record({ worker: anyIndex }),
    async act(model, { redis: { client }, keys, workers }, { worker }) {
      await extendLease(client, keys, 'renew', [choose(workers, worker).name], 0);
      model.leases[worker % workers.length] = 'over';
    },
  }),
  step({
    name: 'renew',
    args: fc.record({ worker: anyIndex }),
    act: (model, real, { worker }) => renew(model, real, worker % real.workers.length),
  }),
  step({
    name: 'recover',
    args: fc.constant({}),
    async act(model, { redis: { client }, keys }) {
      const lost = model.leases.flatMap((lease, worker) =>
        lease === 'over' ? model.recover(worker, false) : [],
      );
      model.leases.forEach((lease, worker) => {
        if (lease === 'over') model.leases[worker] = 'none';
      });
      const pass = await recover(client, keys);
      const { recovered, nextExpiryInMs, more } = pass;
      expect({ recovered, more }).toEqual({ recovered: lost.length, more: false });
      expectCancelled(pass, lost);
      if (model.leases.includes('held')) expect(nextExpiryInMs).toBeGreaterThan(0);
      else expect(nextExpiryInMs).toBeUndefined();
    },
  }),
  step({
    name: 'give up a lease',
    args: fc.record({ worker: anyIndex, lingers: fc.boolean() }),
    async act(model, { redis: { client }, keys, workers }, { worker, lingers }) {
      const { name } = choose(workers, worker);
      const pass = await recover(client, keys, {
        consumer: name,
        lingerMs: lingers ? HOUR_MS : 0,
        how: 'killed',
      });
      const lost = model.recover(worker % workers.length, true);
      expect(pass.recovered).toBe(lost.length);
      expectCancelled(pass, lost);
      model.leases[worker % workers.length] = lingers ? 'held' : 'none';
    },
  }),
];

export const kill = step({
  name: 'kill Redis',
  args: fc.constant({}),
  act: (_model, real) => killRedis(real),
});

export const forgetScripts = step({
  name: 'SCRIPT FLUSH',
  args: fc.constant({}),
  async act(_model, { redis: { client } }) {
    await client.script('FLUSH');
  },
});
