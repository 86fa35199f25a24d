import type { Connection } from '../../redis/connection.ts';
import { defineScript } from '../../redis/script.ts';

/** Keys of one call; Lua hands them to one command. */
const MOST_KEYS = 1_000;

/**
 * Which of many keys are there. Of those that are not, one command tells for many.
 *
 * KEYS: any. Returns the places of those that are there, from 1 on.
 */
export const existingKeysScript = defineScript(
  'present',
  `
local found = {}
local function look(first, last)
  if redis.call('EXISTS', unpack(KEYS, first, last)) == 0 then return end
  if first == last then
    found[#found + 1] = first
    return
  end
  local middle = math.floor((first + last) / 2)
  look(first, middle)
  look(middle + 1, last)
end
look(1, #KEYS)
return found
`,
);

/** Those of the items of which at least one key is there, in their order; each has at most `MOST_KEYS`. */
export async function withExistingKeys<T>(
  redis: Connection,
  items: readonly T[],
  keysOf: (item: T) => readonly string[],
): Promise<T[]> {
  const found: T[] = [];
  for (let start = 0; start < items.length; ) {
    const owners: T[] = [];
    const keys: string[] = [];
    for (; start < items.length; start += 1) {
      const item = items[start] as T;
      const own = keysOf(item);
      if (keys.length > 0 && keys.length + own.length > MOST_KEYS) break;
      keys.push(...own);
      owners.push(...own.map(() => item));
    }
    const places = (await existingKeysScript.run(redis, keys, [])) as number[];
    found.push(...new Set(places.map((place) => owners[place - 1] as T)));
  }
  return found;
}
