import { bySlot, isCluster } from '../../redis/cluster/slots.ts';
import type { Connection } from '../../redis/connection.ts';
import { isUnavailable } from '../../redis/faults.ts';
import { defineScript } from '../../redis/script/define-script.ts';

/** Keys of one call; Lua passes them all to one command. */
const MOST_KEYS = 1_000;

/**
 * Finds which keys exist. EXISTS on a range answers 0 for all of it at once; otherwise the range is halved.
 *
 * Returns the indices of those that exist, from 1 on.
 */
export const existingKeysScript = defineScript({
  name: 'existing-keys',
  onlyReads: true,
  keys: [{ list: 'asked' }],
  lua: `
local found = {}
local function search(first, last)
  if redis.call('EXISTS', unpack(KEYS, first, last)) == 0 then return end
  if first == last then
    found[#found + 1] = first
    return
  end
  local middle = math.floor((first + last) / 2)
  search(first, middle)
  search(middle + 1, last)
end
search(1, #asked)
return found
`,
});

/**
 * Those of the items that have at least one existing key, in their order; each has at most 1,000 keys, all of one slot. Asks each
 * slot of a Cluster by itself.
 *
 * @param unknown what is done with items of a slot of a Cluster that cannot be asked: they count as found, or the call rejects.
 */
export async function withExistingKeys<T>(
  redis: Connection,
  items: readonly T[],
  keysOf: (item: T) => readonly string[],
  unknown: 'found' | 'rejects' = 'rejects',
): Promise<T[]> {
  const parts = bySlot(redis, items, (item) => keysOf(item)[0] ?? '');
  const inPart = async (part: readonly T[]): Promise<readonly T[]> => {
    try {
      return await existingInSlot(redis, part, keysOf);
    } catch (error) {
      if (unknown === 'rejects' || !isCluster(redis) || !isUnavailable(error)) throw error;
      return part;
    }
  };
  const found = new Set((await Promise.all(parts.map(inPart))).flat());
  return parts.length === 1 ? [...found] : items.filter((item) => found.has(item));
}

async function existingInSlot<T>(
  redis: Connection,
  items: readonly T[],
  keysOf: (item: T) => readonly string[],
): Promise<T[]> {
  const found: T[] = [];
  for (let start = 0; start < items.length; ) {
    const owners: T[] = [];
    const asked: string[] = [];
    for (; start < items.length; start += 1) {
      const item = items[start] as T;
      const own = keysOf(item);
      if (asked.length > 0 && asked.length + own.length > MOST_KEYS) break;
      asked.push(...own);
      owners.push(...own.map(() => item));
    }
    const indices = (await existingKeysScript.run(redis, { asked }, {})) as number[];
    found.push(...new Set(indices.map((index) => owners[index - 1] as T)));
  }
  return found;
}
