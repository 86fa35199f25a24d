import type { Connection } from '../connection.ts';
import { defineScript } from './script.ts';

/**
 * Changes a field of a hash, if nobody else has.
 *
 * KEYS: hash. ARGV: field, value that is expected, 'keep' (also where there is none: it is set) or 'drop'.
 * Returns 1, or 0 when it has another value.
 */
export const markScript = defineScript(
  'mark',
  `
local field, expected, wish = unpack(ARGV)
local value = redis.call('HGET', KEYS[1], field)
if value and value ~= expected then return 0 end
if wish == 'keep' then redis.call('HSET', KEYS[1], field, expected) else redis.call('HDEL', KEYS[1], field) end
return 1
`,
);

/** Sets the field unless it has another value. */
export async function keepMark(redis: Connection, hash: string, field: string, value: string): Promise<void> {
  await markScript.run(redis, [hash], [field, value, 'keep']);
}

/** Removes the field if it has this value. */
export async function dropMark(redis: Connection, hash: string, field: string, value: string): Promise<void> {
  await markScript.run(redis, [hash], [field, value, 'drop']);
}
