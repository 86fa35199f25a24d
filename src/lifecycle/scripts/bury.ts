import type { Connection } from '../../redis/connection.ts';
import { formatRef } from '../../redis/job-id.ts';
import { GROUP, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now } from '../../redis/script/lua.ts';
import {
  appendError,
  deleteDeadLetter,
  deliveredAt,
  publishEvent,
  type Settled,
  setRankedTime,
  wakeWorkers,
} from './lua.ts';
import type { Failure } from './retry.ts';

/** Most dead letters that one call deletes. After DEAD_MAX was lowered, later calls delete the rest. */
const MOST_DELETED = 10;

/**
 * Makes a job a dead letter: it has failed, and its entry stays for a retry by hand. If the queue then has too many dead
 * letters, the oldest are deleted. A job that a client asked to cancel is made due instead: the next taker cancels it.
 *
 * `line`: the error, or '' when all attempts were spent before this delivery.
 * Returns 'done' | 'repeated' | 'stale'.
 */
export const buryScript = defineScript({
  name: 'bury',
  queueKeys: ['notes', 'events', 'totals', 'wake', 'stream', 'dead', 'due', 'ranked', 'settings'],
  args: ['consumer', 'place', 'id', 'ref', 'token', 'line', 'maxDead'],
  uses: [now, deliveredAt, appendError, wakeWorkers, publishEvent, setRankedTime, deleteDeadLetter],
  lua: `
local move = 'bury:' .. token .. ':' .. consumer
local started = deliveredAt(stream[place], id, consumer, token)
if not started then
  if redis.call('HGET', notes, ref .. ${NOTE.lastMove}) == move then return 'repeated' end
  redis.call('HINCRBY', totals, 'staleCommits', 1)
  return 'stale'
end
redis.call('XACK', stream[place], '${GROUP}', id)
redis.call('HSET', notes, ref .. ${NOTE.lastMove}, move, ref .. ${NOTE.worker}, consumer, ref .. ${NOTE.startedAt}, started)
if line ~= '' then
  redis.call('HSET', notes, ref .. ${NOTE.failedDeliveries}, token)
  appendError(notes, ref, line)
end
if redis.call('HEXISTS', notes, ref .. ${NOTE.cancelAskedAt}) == 1 then
  redis.call('ZADD', due[place], now, ref)
  setRankedTime(ranked, ref, now)
  wakeWorkers(wake, 1)
  return 'done'
end
redis.call('ZADD', dead[place], now, ref)
redis.call('HINCRBY', totals, 'failed', 1)
publishEvent(events, 'failed', { ref }, settings)

local function deleteOldest()
  local oldest
  for i = 1, 5 do
    local first = redis.call('ZRANGE', dead[i], 0, 0, 'WITHSCORES')
    if first[1] and (not oldest or tonumber(first[2]) < oldest.at) then
      oldest = { at = tonumber(first[2]), ref = first[1], place = i }
    end
  end
  deleteDeadLetter(stream[oldest.place], dead[oldest.place], notes, ranked, totals, oldest.ref)
end
local letters = 0
for i = 1, 5 do letters = letters + redis.call('ZCARD', dead[i]) end
for _ = 1, math.min(${MOST_DELETED}, letters - maxDead) do deleteOldest() end
return 'done'
`,
});

/** @param maxDead most dead letters that the queue keeps. */
export async function bury(
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  { ref, token, error }: Failure,
  maxDead: number,
): Promise<Settled> {
  return (await buryScript.run(
    redis,
    { queue },
    {
      consumer,
      place: placeIndex(ref.place),
      id: ref.entryId,
      ref: formatRef(ref),
      token,
      line: error,
      maxDead,
    },
  )) as Settled;
}
