import type { Connection } from '../../redis/connection.ts';
import { defineScript } from '../../redis/script/define-script.ts';

/** Takes a lock that expires after `ttlMs`, also while Redis is full: a delete frees memory. Returns 1, or 0 when it is taken. */
export const lockScript = defineScript({
  name: 'lock',
  keys: ['key'],
  args: ['owner', 'ttlMs'],
  lua: `
return redis.call('SET', key, owner, 'PX', ttlMs, 'NX') and 1 or 0
`,
});

/** Releases a lock that the owner still holds. Returns 1, or 0 when it does not. */
export const unlockScript = defineScript({
  name: 'unlock',
  keys: ['key'],
  args: ['owner'],
  lua: `
if redis.call('GET', key) ~= owner then return 0 end
return redis.call('DEL', key)
`,
});

/** Takes a lock that expires after `ttlMs`; false when somebody else holds it. */
export const lock = async (redis: Connection, key: string, owner: string, ttlMs: number): Promise<boolean> =>
  (await lockScript.run(redis, { key }, { owner, ttlMs })) === 1;

export async function unlock(redis: Connection, key: string, owner: string): Promise<void> {
  await unlockScript.run(redis, { key }, { owner });
}
