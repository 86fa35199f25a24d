import { HELD_SINCE } from '../../lifecycle/scripts/keys/turns.ts';
import { defineFragment } from '../../redis/script/define-script.ts';
import { HELD_BY } from '../../schemas/values/names.ts';

/**
 * Lua: `countHeld(hasHolds, concurrency, rate)`: how many jobs are in `holds` for each reason, in the order of `HELD_BY`, and the limit
 * of the queue that holds back all others that are queued now, or ''. It needs `QUEUE_ROOM`. What follows the reason in a class has
 * no control character. `oldestOfSome(most)`: the earliest time from which one of `most` random held jobs waits, Unix ms.
 */
export const HELD_COUNTS = defineFragment({
  queueKeys: ['holds'],
  lua: `
local function oldestOfSome(most)
  local oldest = math.huge
  for _, member in ipairs(redis.call('ZRANDMEMBER', holds, most)) do
    oldest = math.min(oldest, tonumber(string.match(member, '\\n%d%d${HELD_SINCE} %S+$')) or oldest)
  end
  return oldest
end
local function countHeld(hasHolds, concurrency, rate)
  local counts, limit = {}, ''
  for i, reason in ipairs({ ${HELD_BY.map((reason) => `'${reason}'`).join(', ')} }) do
    counts[i] = hasHolds and redis.call('ZLEXCOUNT', holds, '[' .. reason .. ':\\11', '(' .. reason .. ':\\255') or 0
  end
  if concurrency or rate then
    local room = roomOf(concurrency, rate)
    limit = room.slots < 1 and 'concurrency' or room.starts < 1 and 'rate' or ''
  end
  return { counts, limit }
end
`,
});

/** Held jobs by reason, and the limit that holds back the other queued jobs. */
export type RawHeldCounts = [counts: number[], limit: string];
