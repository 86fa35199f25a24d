import type { Connection } from '../../redis/connection.ts';
import { defineScript } from '../../redis/script/define-script.ts';

/**
 * Changes a field of a hash that still has the expected value. `expected`, `value`: '' for no field.
 *
 * Returns 1, or 0 when the field has another value.
 */
export const compareAndSetScript = defineScript({
  name: 'compare-and-set',
  keys: ['hash'],
  args: ['field', 'expected', 'value'],
  lua: `
if (redis.call('HGET', hash, field) or '') ~= expected then return 0 end
if value == '' then redis.call('HDEL', hash, field) else redis.call('HSET', hash, field, value) end
return 1
`,
});

/** Changes the field from one value to another; false when it has a third. Undefined stands for no field. */
export async function compareAndSet(
  redis: Connection,
  [hash, field]: readonly [hash: string, field: string],
  expected: string | undefined,
  value: string | undefined,
): Promise<boolean> {
  const args = { field, expected: expected ?? '', value: value ?? '' };
  return (await compareAndSetScript.run(redis, { hash }, args)) === 1;
}
