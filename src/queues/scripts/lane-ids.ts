import type { Connection } from '../../redis/connection.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { bytesOf } from './entries.ts';

/** Bytes of entries that one call reads, about. A stream cannot be read without its payloads. */
const STEP_BYTES = 4_194_304;

/**
 * Lists entries of a stream without their fields. They stay in Redis, and at most 16 are read at a time.
 *
 * Returns { 1 at the end of the stream else 0, ids }.
 */
export const laneIdsScript = defineScript({
  name: 'lane-ids',
  keys: ['stream'],
  args: ['after', 'count', 'maxBytes'],
  uses: [bytesOf],
  lua: `
local ids, bytes, from, size = {}, 0, '(' .. after, 0
repeat
  local fit = #ids == 0 and 4 or math.floor((maxBytes - bytes) * #ids / math.max(1, bytes))
  size = math.min(count - #ids, math.max(1, fit), 16)
  local entries = redis.call('XRANGE', stream, from, '+', 'COUNT', size)
  for _, entry in ipairs(entries) do
    ids[#ids + 1] = entry[1]
    bytes = bytes + bytesOf(entry[2])
    from = '(' .. entry[1]
  end
  if #entries < size then return { 1, ids } end
until #ids >= tonumber(count) or bytes >= tonumber(maxBytes)
return { 0, ids }
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
