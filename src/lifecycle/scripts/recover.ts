import type { Connection } from '../../redis/connection.ts';
import { parseRef, type Ref } from '../../redis/job-id.ts';
import { GROUP, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { letters, now } from '../../redis/script/lua.ts';
import { appendError, publishEvent, setRankedTime, wakeWorkers } from './lua.ts';

/** Consumers and entries of one pass; what is left waits for the next pass. */
const MOST_CONSUMERS = 16;
const MOST_ENTRIES = 500;

/**
 * Takes back the jobs of consumers whose lease has ended, or of `givenUp`: each loss is an attempt that failed as
 * `worker-lost`. A consumer is deleted only when it has nothing pending, all in one script.
 *
 * `givenUp`: a consumer to give up now, or ''; `lingerMs`: how long its lease stays; `cause`: how it was lost.
 * Returns { recovered jobs, ms until the next lease ends or -1, 1 when there is more to do now, refs of recovered jobs that
 *   somebody asked to cancel, expired jobs (1 for many) }.
 */
export const recoverScript = defineScript({
  name: 'recover',
  queueKeys: [
    'leases',
    'notes',
    'events',
    'totals',
    'wake',
    'stream',
    'due',
    'ranked',
    'expiring',
    'settings',
  ],
  args: ['maxConsumers', 'maxEntries', 'givenUp', 'lingerMs', 'cause'],
  uses: [letters, now, appendError, publishEvent, setRankedTime, wakeWorkers],
  lua: `
local budget, refs, cancelled = tonumber(maxEntries), {}, {}

local function takeBack(place, id, consumer)
  local ref = LETTERS[place] .. id
  local noted = redis.call('HMGET', notes, ref .. ${NOTE.failedDeliveries}, ref .. ${NOTE.failedBeforeRequeue}, ref .. ${NOTE.cancelAskedAt})
  local token = (tonumber(noted[1]) or 0) + 1
  redis.call('XACK', stream[place], '${GROUP}', id)
  redis.call('ZADD', due[place], now, ref)
  setRankedTime(ranked, ref, now)
  redis.call('HSET', notes, ref .. ${NOTE.failedDeliveries}, token)
  redis.call('HDEL', notes, ref .. ${NOTE.lastMove})
  -- A lease that ran out says nothing about its jobs: its machine may have gone, or the network.
  if givenUp ~= '' then redis.call('HINCRBY', notes, ref .. ${NOTE.losses}, 1) end
  redis.call('HDEL', notes, ref .. ${NOTE.progress})
  appendError(notes, ref, cjson.encode({ message = 'The worker ' .. consumer .. ' was lost while it ran the job: ' .. cause,
    name = 'worker-lost', attempt = token - (noted[2] or 0), at = now }))
  refs[#refs + 1] = ref
  if noted[3] then cancelled[#cancelled + 1] = ref end
end

local function giveUp(consumer)
  for place = 1, 5 do
    local pending = budget > 0 and redis.call('XPENDING', stream[place], '${GROUP}', '-', '+', budget, consumer) or {}
    for _, entry in ipairs(pending) do takeBack(place, entry[1], consumer) end
    budget = budget - #pending
  end
  if budget < 1 then return end
  if tonumber(lingerMs) > 0 then
    -- A read of this consumer may still be open here and get a job: the next sweep finds that job by the lease.
    redis.call('ZADD', leases, now + lingerMs, consumer)
    return
  end
  for place = 1, 5 do redis.call('XGROUP', 'DELCONSUMER', stream[place], '${GROUP}', consumer) end
  redis.call('XGROUP', 'DELCONSUMER', wake, '${GROUP}', consumer)
  redis.call('ZREM', leases, consumer)
end

local ended = redis.call('ZRANGE', leases, '-inf', now, 'BYSCORE', 'LIMIT', 0, maxConsumers)
if givenUp ~= '' then ended = { givenUp } end
for _, consumer in ipairs(ended) do
  if budget > 0 then giveUp(consumer) end
end
if #refs > 0 then
  redis.call('HINCRBY', totals, 'recovered', #refs)
  publishEvent(events, 'recovered', refs, settings)
  wakeWorkers(wake, #refs)
end
local first = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2]
local isMore = budget < 1 or #ended == tonumber(maxConsumers)
local expired = redis.call('ZRANGE', expiring, '-inf', now, 'BYSCORE', 'LIMIT', 0, 1)
return { #refs, first and math.max(0, first - now) or -1, isMore and 1 or 0, cancelled, #expired }
`,
});

export interface Recovery {
  recovered: number;
  /** Until the next lease ends unless renewed; undefined when there is none. */
  nextExpiryInMs: number | undefined;
  more: boolean;
  /** Recovered jobs that somebody has asked to cancel: nobody runs them now, so they can be cancelled at once. */
  cancelled: Ref[];
  /** Whether there are jobs to be ended as expired. */
  hasExpired: boolean;
}

/** A lease to be given up before its time. */
export interface GivenUp {
  consumer: string;
  /** How long the lease stays, without jobs. */
  lingerMs: number;
  /** How the process ended, for people. */
  how: string;
}

const LEASE_RAN_OUT = 'its lease ran out';

/** One bounded pass over the leases that have ended, or over one that is given up; call again while `more`. */
export async function recover(
  redis: Connection,
  queue: QueueKeys,
  { consumer, lingerMs, how }: GivenUp = { consumer: '', lingerMs: 0, how: LEASE_RAN_OUT },
): Promise<Recovery> {
  const [recovered, next, more, cancelled, expired] = (await recoverScript.run(
    redis,
    { queue },
    { maxConsumers: MOST_CONSUMERS, maxEntries: MOST_ENTRIES, givenUp: consumer, lingerMs, cause: how },
  )) as [number, number, number, string[], number];
  return {
    recovered,
    nextExpiryInMs: next < 0 ? undefined : next,
    more: more === 1,
    cancelled: cancelled.map(parseRef),
    hasExpired: expired > 0,
  };
}
