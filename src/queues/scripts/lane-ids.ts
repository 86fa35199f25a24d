import type { Connection } from '../../redis/connection.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { visitIds } from '../../redis/script/lua.ts';

/** Bytes of entries that one call reads, about. */
const STEP_BYTES = 1_048_576;

/**
 * Lists entries of a stream without their fields, which stay in Redis.
 *
 * Returns { 1 at the end of the stream else 0, ids }.
 */
export const laneIdsScript = defineScript({
  name: 'lane-ids',
  onlyReads: true,
  keys: ['stream'],
  args: ['after', 'count', 'maxBytes'],
  uses: [visitIds],
  lua: `
local ids = {}
local from = visitIds(stream, '(' .. after, '+', tonumber(count), tonumber(maxBytes), function(id) ids[#ids + 1] = id end)
return { from == '' and 1 or 0, ids }
`,
});

/** Ids of at most `count` entries of a stream after the id `after`, in steps that keep Redis busy for a short time. */
export async function laneIds(
  redis: Connection,
  stream: string,
  after: string,
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const [isEnd, found] = (await laneIdsScript.run(
      redis,
      { stream },
      { after: ids.at(-1) ?? after, count: count - ids.length, maxBytes: STEP_BYTES },
    )) as [number, string[]];
    ids.push(...found);
    if (isEnd === 1) break;
  }
  return ids;
}
