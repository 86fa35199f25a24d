import { SWEEP_START, type SweepPosition, sweep } from '../../../src/lifecycle/scripts/sweep.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import type { QueueKeys } from '../../../src/redis/keys.ts';

/** Sweeps a whole queue. Returns how many jobs it found in no place. */
export async function sweepAll(redis: Connection, keys: QueueKeys): Promise<number> {
  let found = 0;
  for (let at: SweepPosition = SWEEP_START; at !== 'end'; ) {
    const step = await sweep(redis, keys, at);
    found += step.found;
    at = step.next;
  }
  return found;
}
