import type { Connection } from '../../redis/connection.ts';
import { defineScript } from '../../redis/script.ts';

/**
 * Takes a lock, also while Redis is full: what is removed makes room.
 *
 * KEYS: lock. ARGV: the caller's mark, ms after which it opens by itself. Returns 1, or 0 when somebody has it.
 */
export const lockScript = defineScript(
  'lock',
  `
return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') and 1 or 0
`,
);

/** Gives a lock back, if it is still the caller's. KEYS: lock. ARGV: the caller's mark. Returns 1, or 0 if it was not. */
export const unlockScript = defineScript(
  'unlock',
  `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`,
);

/** Takes a lock that opens by itself after so long; false when somebody has it. */
export const lock = async (redis: Connection, key: string, mark: string, ttlMs: number): Promise<boolean> =>
  (await lockScript.run(redis, [key], [mark, ttlMs])) === 1;

export async function unlock(redis: Connection, key: string, mark: string): Promise<void> {
  await unlockScript.run(redis, [key], [mark]);
}
