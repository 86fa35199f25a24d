import { expect } from 'vitest';
import { extendLease } from '../../../src/lifecycle/scripts/extend-lease.ts';
import type { Model } from './model.ts';
import { HOUR_MS, type Real } from './real.ts';
import { choose } from './step.ts';

/** A worker renews its lease. The answer says whether the lease was lost. */
export async function renew(
  model: Model,
  { redis: { client }, keys, workers }: Real,
  worker: number,
): Promise<void> {
  const { name } = choose(workers, worker);
  const lost = model.leases[worker] === 'none' ? [name] : [];
  expect((await extendLease(client, keys, 'renew', [name], HOUR_MS)).lost).toEqual(lost);
  model.leases[worker] = 'held';
}
