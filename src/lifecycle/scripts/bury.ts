import type { Connection } from '../../redis/connection.ts';
import { formatRef } from '../../redis/job-id.ts';
import { placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { inSteps } from '../../redis/script/in-steps.ts';
import { now } from '../../redis/script/lua.ts';
import { endKeys, findKeys, IS_FAIR } from './keys/turns.ts';
import {
  deleteDeadLetter,
  deliveredAt,
  endFailedDelivery,
  publishEvent,
  type Settled,
  setRankedTime,
  wakeWorkers,
  withError,
} from './lua.ts';
import type { Failure } from './retry.ts';
import { FREE_FOLLOWER } from './unique/followers.ts';

/** Jobs of one call: bounds the time for which it keeps Redis busy. */
const STEP = 50;

/** Most dead letters that one call deletes beyond those that it adds. After DEAD_MAX was lowered, later calls delete the rest. */
const MOST_DELETED = 10;

/**
 * Makes jobs dead letters: they have failed, and their entries stay for a retry by hand. If the queue then has too many dead
 * letters, the oldest are deleted. A job that a client asked to cancel is made due instead: the next taker cancels it.
 *
 * `line`: the error, or '' when all attempts were spent before this delivery.
 * Returns per job 'done' | 'repeated' | 'stale'.
 */
export const buryScript = defineScript({
  name: 'bury',
  queueKeys: [
    'notes',
    'events',
    'totals',
    'wake',
    'stream',
    'dead',
    'due',
    'ranked',
    'logs',
    'settings',
    'changed',
    'holds',
    'turns',
    'runningKeys',
    'runsFor',
  ],
  fragments: [FREE_FOLLOWER],
  args: ['consumer', 'maxDead', { records: 'jobs', of: ['place', 'id', 'ref', 'token', 'line'] }],
  uses: [
    now,
    deliveredAt,
    withError,
    wakeWorkers,
    publishEvent,
    setRankedTime,
    deleteDeadLetter,
    findKeys,
    endKeys,
  ],
  lua: `
local outcomes, buried, stale, cancelled, ended = {}, {}, 0, 0, {}
local function bury(place, id, ref, token, line)
  ${endFailedDelivery('bury')}
  redis.call('HSET', notes, ref .. ${NOTE.lastMove}, move, ref .. ${NOTE.worker}, consumer, ref .. ${NOTE.startedAt}, started)
  if line ~= '' then
    redis.call('HSET', notes, ref .. ${NOTE.failedDeliveries}, token, ref .. ${NOTE.errors}, withError(noted[2], line))
  end
  if noted[1] then
    redis.call('ZADD', due[place], now, ref)
    setRankedTime(ranked, ref, now)
    cancelled = cancelled + 1
  else
    redis.call('ZADD', dead[place], now, ref)
    if noted[4] then
      redis.call('HDEL', notes, ref .. ${NOTE.follower})
      freeFollower(noted[4])
    end
    buried[#buried + 1] = ref
  end
  return 'done'
end
local function deleteOldest()
  local oldest
  for i = 1, 5 do
    local first = redis.call('ZRANGE', dead[i], 0, 0, 'WITHSCORES')
    if first[1] and (not oldest or tonumber(first[2]) < oldest.at) then
      oldest = { at = tonumber(first[2]), ref = first[1], place = i }
    end
  end
  deleteDeadLetter(stream[oldest.place], dead[oldest.place], notes, ranked, logs, totals, oldest.ref)
end
for i = 1, #jobs do
  outcomes[i] = bury(tonumber(jobs[i].place), jobs[i].id, jobs[i].ref, jobs[i].token, jobs[i].line)
end
if stale > 0 then redis.call('HINCRBY', totals, 'staleCommits', stale) end
local hasLimit, _, isKeyed = publishEvent(events, 'failed', buried, settings, changed)
local keysEnded = findKeys(runsFor, ended, isKeyed)
wakeWorkers(wake, cancelled + endKeys(runsFor, runningKeys, holds, turns, keysEnded, ${IS_FAIR}))
if #buried == 0 then return outcomes end
redis.call('HINCRBY', totals, 'failed', #buried)
if hasLimit then wakeWorkers(wake, #buried) end
local letters = 0
for i = 1, 5 do letters = letters + redis.call('ZCARD', dead[i]) end
for _ = 1, math.min(#buried - 1 + ${MOST_DELETED}, letters - maxDead) do deleteOldest() end
return outcomes
`,
});

/** Ends deliveries of one queue, in bounded steps; outcomes are in their order. @param maxDead most dead letters that the queue keeps. */
export const buryAll = (
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  failures: readonly Failure[],
  maxDead: number,
): Promise<Settled[]> =>
  inSteps(failures, STEP, async (step) => {
    const jobs = step.map(({ ref, token, error }) => ({
      place: placeIndex(ref.place),
      id: ref.entryId,
      ref: formatRef(ref),
      token,
      line: error,
    }));
    return (await buryScript.run(redis, { queue }, { consumer, maxDead, jobs })) as Settled[];
  });

export async function bury(
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  failure: Failure,
  maxDead: number,
): Promise<Settled> {
  const [settled = 'stale'] = await buryAll(redis, queue, consumer, [failure], maxDead);
  return settled;
}
