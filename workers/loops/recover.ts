import type { Observer } from '../../src/observer.ts';
import { BLOCK_MS, type Connection, isNoGroup } from '../../src/redis/connect.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { recover } from '../../src/redis/scripts/lease.ts';
import { ensureGroups } from '../../src/redis/scripts/submit.ts';

/** Other workers may hold shorter leases than ours: look at least this often. */
const AT_LEAST_EVERY_MS = 1_000;
const AT_MOST_EVERY_MS = 20;

/** Takes back the jobs of workers whose leases have ended, in whatever process they were. */
export function recoverPass(
  redis: Connection,
  queues: readonly QueueKeys[],
  observe: Observer,
): () => Promise<number> {
  return async () => {
    let next = AT_LEAST_EVERY_MS;
    for (const keys of queues) {
      const { recovered, nextExpiryInMs, more } = await healed(redis, keys);
      if (recovered > 0) observe({ kind: 'recovered', queue: keys.queue, jobs: recovered });
      next = Math.min(next, more ? 0 : Math.max(AT_MOST_EVERY_MS, nextExpiryInMs ?? next));
    }
    return next;
  };
}

async function healed(redis: Connection, keys: QueueKeys): ReturnType<typeof recover> {
  try {
    return await recover(redis, keys);
  } catch (error) {
    if (!isNoGroup(error)) throw error;
    await ensureGroups(redis, keys);
    return recover(redis, keys);
  }
}

/**
 * Gives up one lease now: its process has ended, and what it left runs elsewhere. After an end that was not
 * `clean` a blocking read of it may be open at the server for a while, so its lease lingers for as long.
 */
export async function giveUpLease(
  redis: Connection,
  queues: readonly QueueKeys[],
  consumer: string,
  clean: boolean,
  observe: Observer,
): Promise<void> {
  const lingerMs = clean ? 0 : BLOCK_MS + 1_000;
  for (const keys of queues) {
    for (let more = true; more; ) {
      const pass = await recover(redis, keys, consumer, lingerMs);
      if (pass.recovered > 0) observe({ kind: 'recovered', queue: keys.queue, jobs: pass.recovered });
      more = pass.more;
    }
  }
}
