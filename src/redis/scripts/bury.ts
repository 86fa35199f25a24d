import type { Connection } from '../connection.ts';
import { formatRef } from '../entry.ts';
import { inOrder, placeIndex, type QueueKeys } from '../keys.ts';
import type { Settled } from './complete.ts';
import type { Failure } from './retry.ts';
import { defineScript, PRELUDE } from './script.ts';

/**
 * Ends a delivery for good: the job is failed, its entry stays for a retry by hand. Where that makes one dead
 * letter too many, the oldest of the queue goes.
 *
 * KEYS: notes, events, totals, streams x5, dead x5.
 * ARGV: consumer, stream index, entry id, ref, token, error line, or '' when all attempts were spent and noted
 *   before this delivery, most dead letters of a queue.
 * Returns 'done' | 'repeated' | 'stale'.
 */
export const buryScript = defineScript(
  'bury',
  `${PRELUDE}
local notes, events, totals = unpack(KEYS)
local consumer, place, id, ref, token, line = unpack(ARGV)
local stream, dead, move = KEYS[3 + place], KEYS[8 + place], 'bury:' .. token .. ':' .. consumer

local started = owns(stream, id, consumer, token)
if not started then
  if redis.call('HGET', notes, ref .. ':l') == move then return 'repeated' end
  redis.call('HINCRBY', totals, 'staleCommits', 1)
  return 'stale'
end
redis.call('XACK', stream, 'workers', id)
redis.call('ZADD', dead, now, ref)
redis.call('HSET', notes, ref .. ':l', move, ref .. ':w', consumer, ref .. ':b', started)
if line ~= '' then
  redis.call('HSET', notes, ref .. ':a', token)
  append(notes, ref, line)
end
redis.call('HINCRBY', totals, 'failed', 1)
announce(events, 'failed', { ref })

local letters, oldest = 0, nil
for i = 1, 5 do
  letters = letters + redis.call('ZCARD', KEYS[8 + i])
  local first = redis.call('ZRANGE', KEYS[8 + i], 0, 0, 'WITHSCORES')
  if first[1] and (not oldest or tonumber(first[2]) < oldest.at) then
    oldest = { at = tonumber(first[2]), ref = first[1], stream = KEYS[3 + i], dead = KEYS[8 + i] }
  end
end
if letters > tonumber(ARGV[7]) then dropLetter(oldest.stream, oldest.dead, notes, totals, oldest.ref) end
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
    [keys.notes, keys.events, keys.totals, ...inOrder(keys.stream), ...inOrder(keys.dead)],
    [consumer, placeIndex(place), entryId, formatRef(failure.ref), failure.token, failure.error, maxDead],
  )) as Settled;
}
