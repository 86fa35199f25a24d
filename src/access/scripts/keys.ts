import type { Connection } from '../../redis/connection.ts';
import type { AccessKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now } from '../../redis/script/lua.ts';

/** Stores a new key, unless there are too many. Returns 1 or 0. */
export const addKeyScript = defineScript({
  name: 'add-key',
  keys: ['records', 'ids'],
  args: ['id', 'record', 'most'],
  whenFull: 'refused',
  lua: `
if redis.call('HLEN', records) >= tonumber(most) then return 0 end
redis.call('HSET', records, id, record)
redis.call('ZADD', ids, 0, id)
return 1
`,
});

/** Returns the record of a key, or false, and the time by the clock of Redis, Unix ms. */
export const findKeyScript = defineScript({
  name: 'find-key',
  onlyReads: true,
  keys: ['records'],
  args: ['id'],
  uses: [now],
  lua: `
return { redis.call('HGET', records, id), now }
`,
});

/** Removes a key. Returns how many there were. */
export const removeKeyScript = defineScript({
  name: 'remove-key',
  keys: ['records', 'ids', 'uses'],
  args: ['id'],
  lua: `
redis.call('ZREM', ids, id)
redis.call('HDEL', uses, id)
return redis.call('HDEL', records, id)
`,
});

/** Notes that keys are in use now. One that was removed since is left out. */
export const noteUsesScript = defineScript({
  name: 'note-uses',
  keys: ['records', 'uses'],
  args: [{ list: 'used' }],
  uses: [now],
  lua: `
for i = 1, #used do
  if redis.call('HEXISTS', records, used[i]) == 1 then redis.call('HSET', uses, used[i], now) end
end
`,
});

/** @returns false when there are already `most` keys. */
export async function addKey(
  redis: Connection,
  { records, ids }: AccessKeys,
  key: { id: string; record: string; most: number },
): Promise<boolean> {
  return (await addKeyScript.run(redis, { records, ids }, key)) === 1;
}

export async function findKey(
  redis: Connection,
  { records }: AccessKeys,
  id: string,
): Promise<{ record: string | undefined; now: number }> {
  const [record, at] = (await findKeyScript.run(redis, { records }, { id })) as [string | null, number];
  return { record: record ?? undefined, now: at };
}

/** @returns whether there was such a key. */
export const removeKey = async (redis: Connection, keys: AccessKeys, id: string): Promise<boolean> =>
  (await removeKeyScript.run(redis, keys, { id })) === 1;

export async function noteUses(redis: Connection, { records, uses }: AccessKeys, used: readonly string[]) {
  await noteUsesScript.run(redis, { records, uses }, { used });
}
