import type { Connection } from '../../redis/connection.ts';
import { defineScript } from '../../redis/script.ts';

/**
 * Changes a field of a hash, if nobody else has.
 *
 * KEYS: hash. ARGV: field, value that is expected or '' (none), new value or '' (none).
 * Returns 1, or 0 when it has another value.
 */
export const compareAndSetScript = defineScript(
  'mark',
  `
local field, expected, value = unpack(ARGV)
if (redis.call('HGET', KEYS[1], field) or '') ~= expected then return 0 end
if value == '' then redis.call('HDEL', KEYS[1], field) else redis.call('HSET', KEYS[1], field, value) end
return 1
`,
);

/** Changes the field from one value to another; false when it has a third. Undefined stands for no field. */
export async function compareAndSet(
  redis: Connection,
  [hash, field]: readonly [hash: string, field: string],
  expected: string | undefined,
  value: string | undefined,
): Promise<boolean> {
  return (await compareAndSetScript.run(redis, [hash], [field, expected ?? '', value ?? ''])) === 1;
}
