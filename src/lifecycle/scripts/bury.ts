import type { Connection } from '../../redis/connection.ts';
import { formatRef } from '../../redis/job-id.ts';
import { inOrder, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script.ts';
import type { Settled } from './complete.ts';
import type { Failure } from './retry.ts';

/**
 * Ends a delivery for good: the job is failed, its entry stays for a retry by hand. Where that makes one dead
 * letter too many, the oldest of the queue go. One that somebody asked to cancel waits to be ended as such instead, by
 * whoever takes it.
 *
 * KEYS: notes, events, totals, wake, streams x5, dead x5, due x5, settings.
 * ARGV: consumer, stream index, entry id, ref, token, error line, or '' when all attempts were spent and noted
 *   before this delivery, most dead letters of a queue.
 * Returns 'done' | 'repeated' | 'stale'.
 */
export const buryScript = defineScript(
  'bury',
  `
local notes, events, totals, wake = unpack(KEYS)
local consumer, place, id, ref, token, line = unpack(ARGV)
local stream, dead, move = KEYS[4 + place], KEYS[9 + place], 'bury:' .. token .. ':' .. consumer

local started = owns(stream, id, consumer, token)
if not started then
  if redis.call('HGET', notes, ref .. ':l') == move then return 'repeated' end
  redis.call('HINCRBY', totals, 'staleCommits', 1)
  return 'stale'
end
redis.call('XACK', stream, 'workers', id)
redis.call('HSET', notes, ref .. ':l', move, ref .. ':w', consumer, ref .. ':b', started)
if line ~= '' then
  redis.call('HSET', notes, ref .. ':a', token)
  append(notes, ref, line)
end
if redis.call('HEXISTS', notes, ref .. ':c') == 1 then
  redis.call('ZADD', KEYS[14 + place], now, ref)
  nudge(wake, 1)
  return 'done'
end
redis.call('ZADD', dead, now, ref)
redis.call('HINCRBY', totals, 'failed', 1)
announce(events, 'failed', { ref }, KEYS[#KEYS])

local letters = 0
for i = 1, 5 do letters = letters + redis.call('ZCARD', KEYS[9 + i]) end
local function dropOldest()
  local oldest
  for i = 1, 5 do
    local first = redis.call('ZRANGE', KEYS[9 + i], 0, 0, 'WITHSCORES')
    if first[1] and (not oldest or tonumber(first[2]) < oldest.at) then
      oldest = { at = tonumber(first[2]), ref = first[1], stream = KEYS[4 + i], dead = KEYS[9 + i] }
    end
  end
  dropLetter(oldest.stream, oldest.dead, notes, totals, oldest.ref)
end
-- More than one where fewer are kept than before; the rest of them goes with the next ones.
for _ = 1, math.min(10, letters - ARGV[7]) do dropOldest() end
return 'done'
`,
);

/** @param maxDead most dead letters that the queue keeps. */
export async function bury(
  redis: Connection,
  keys: QueueKeys,
  consumer: string,
  failure: Failure,
  maxDead: number,
): Promise<Settled> {
  const { place, entryId } = failure.ref;
  return (await buryScript.run(
    redis,
    [
      keys.notes,
      keys.events,
      keys.totals,
      keys.wake,
      ...inOrder(keys.stream),
      ...inOrder(keys.dead),
      ...inOrder(keys.due),
      keys.settings,
    ],
    [consumer, placeIndex(place), entryId, formatRef(failure.ref), failure.token, failure.error, maxDead],
  )) as Settled;
}
