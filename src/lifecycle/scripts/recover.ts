import type { Connection } from '../../redis/connection.ts';
import { parseRef, type Ref } from '../../redis/job-id.ts';
import { inOrder, type QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script.ts';

/**
 * Registers or renews leases.
 *
 * KEYS: leases. ARGV: lease ms, 'new' | 'renew', consumers.
 * Returns { now, consumers whose lease had ended }: what they took before now may run elsewhere already.
 */
export const extendLeaseScript = defineScript(
  'extend',
  `
local lost = {}
for i = 3, #ARGV do
  if ARGV[2] == 'renew' and not redis.call('ZSCORE', KEYS[1], ARGV[i]) then lost[#lost + 1] = ARGV[i] end
  redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i])
end
return { now, lost }
`,
);

/**
 * Registers ('new') or renews leases of a queue; returns the names of those that had been lost, and when that was seen,
 * Unix ms of Redis.
 */
export async function extendLease(
  redis: Connection,
  keys: QueueKeys,
  mode: 'new' | 'renew',
  consumers: readonly string[],
  leaseMs: number,
): Promise<{ now: number; lost: string[] }> {
  const args = [leaseMs, mode, ...consumers];
  const [now, lost] = (await extendLeaseScript.run(redis, [keys.leases], args)) as [number, string[]];
  return { now, lost };
}

/** Consumers and entries that one pass of recovery looks at; what is left waits for the next pass. */
const RECOVER_CONSUMERS = 16;
const RECOVER_ENTRIES = 500;

/**
 * Takes back the jobs of consumers whose lease has ended, or of the named one: each loss is an attempt
 * that failed as `worker-lost`. A consumer is deleted only when it has nothing pending, all in one script.
 *
 * KEYS: leases, notes, events, totals, wake, streams x5, due x5, expiring, settings.
 * ARGV: consumers a pass, entries a pass, a consumer to give up now or '', ms for which its lease lingers, how it
 *   was lost.
 * Returns { recovered jobs, ms until the next lease ends or -1, 1 when there is more to do now,
 *   refs of recovered jobs that somebody asked to cancel, jobs that have lapsed (1 for many) }.
 */
export const recoverScript = defineScript(
  'recover',
  `
local leases, notes, events, totals, wake = unpack(KEYS)
local budget, refs, cancelled = tonumber(ARGV[2]), {}, {}

local function takeBack(place, id, consumer)
  local ref = LETTERS[place] .. id
  local noted = redis.call('HMGET', notes, ref .. ':a', ref .. ':n', ref .. ':c')
  local token = (tonumber(noted[1]) or 0) + 1
  redis.call('XACK', KEYS[5 + place], 'workers', id)
  redis.call('ZADD', KEYS[10 + place], now, ref)
  redis.call('HSET', notes, ref .. ':a', token)
  redis.call('HDEL', notes, ref .. ':l')
  -- A lease that ran out tells nothing of its jobs: its machine may have gone, or the network.
  if ARGV[3] ~= '' then redis.call('HINCRBY', notes, ref .. ':k', 1) end
  redis.call('HDEL', notes, ref .. ':p')
  append(notes, ref, cjson.encode({ message = 'The worker ' .. consumer .. ' was lost while it ran the job: ' .. ARGV[5],
    name = 'worker-lost', attempt = token - (noted[2] or 0), at = now }))
  refs[#refs + 1] = ref
  if noted[3] then cancelled[#cancelled + 1] = ref end
end

local function giveUp(consumer)
  for place = 1, 5 do
    local pending = budget > 0 and redis.call('XPENDING', KEYS[5 + place], 'workers', '-', '+', budget, consumer) or {}
    for _, entry in ipairs(pending) do takeBack(place, entry[1], consumer) end
    budget = budget - #pending
  end
  if budget < 1 then return end
  if tonumber(ARGV[4]) > 0 then
    -- A read of it may still be open here, and be handed a job: the next sweep finds that by the lease.
    redis.call('ZADD', leases, now + ARGV[4], consumer)
    return
  end
  for place = 1, 5 do redis.call('XGROUP', 'DELCONSUMER', KEYS[5 + place], 'workers', consumer) end
  redis.call('XGROUP', 'DELCONSUMER', wake, 'workers', consumer)
  redis.call('ZREM', leases, consumer)
end

local ended = redis.call('ZRANGE', leases, '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])
if ARGV[3] ~= '' then ended = { ARGV[3] } end
for _, consumer in ipairs(ended) do
  if budget > 0 then giveUp(consumer) end
end
if #refs > 0 then
  redis.call('HINCRBY', totals, 'recovered', #refs)
  announce(events, 'recovered', refs, KEYS[#KEYS])
  nudge(wake, #refs)
end
local first = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2]
return { #refs, first and math.max(0, first - now) or -1, (budget < 1 or #ended == tonumber(ARGV[1])) and 1 or 0, cancelled,
  #redis.call('ZRANGE', KEYS[16], '-inf', now, 'BYSCORE', 'LIMIT', 0, 1) }
`,
);

export interface Recovery {
  recovered: number;
  /** Until the next lease ends unless renewed; undefined when there is none. */
  nextExpiryInMs: number | undefined;
  more: boolean;
  /** Recovered jobs that somebody has asked to cancel: nobody runs them now, so they can be withdrawn. */
  cancelled: Ref[];
  /** Whether there are jobs to be ended as expired. */
  hasExpired: boolean;
}

/** A lease to be given up before its time. */
export interface GivenUp {
  consumer: string;
  /** For so long the lease stays, without jobs. */
  lingerMs: number;
  /** How the process ended, for people. */
  how: string;
}

const LEASE_RAN_OUT = 'its lease ran out';

/**
 * One bounded pass over the leases that have ended, or over one that is given up; call again while `more`.
 */
export async function recover(
  redis: Connection,
  keys: QueueKeys,
  { consumer, lingerMs, how }: GivenUp = { consumer: '', lingerMs: 0, how: LEASE_RAN_OUT },
): Promise<Recovery> {
  const [recovered, next, more, cancelled, lapsed] = (await recoverScript.run(
    redis,
    [
      keys.leases,
      keys.notes,
      keys.events,
      keys.totals,
      keys.wake,
      ...inOrder(keys.stream),
      ...inOrder(keys.due),
      keys.expiring,
      keys.settings,
    ],
    [RECOVER_CONSUMERS, RECOVER_ENTRIES, consumer, lingerMs, how],
  )) as [number, number, number, string[], number];
  return {
    recovered,
    nextExpiryInMs: next < 0 ? undefined : next,
    more: more === 1,
    cancelled: cancelled.map(parseRef),
    hasExpired: lapsed > 0,
  };
}
