import type { Connection } from '../../redis/connection.ts';
import { parseRef, type Ref } from '../../redis/job-id.ts';
import { GROUP, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { letters, now } from '../../redis/script/lua.ts';
import { QUEUE_ROOM } from './fragments/limits.ts';
import {
  type LostAttempt,
  lostAttempt,
  readTold,
  type ToldAttempt,
  WORKER_LOST,
} from './fragments/lost-attempts.ts';
import { endKeys, findKeys, IS_FAIR } from './keys/turns.ts';
import { pauseNow, publishEvent, setRankedTime, wakeWorkers, withError } from './lua.ts';

/** Consumers and entries of one pass, which bound the time for which it keeps Redis busy; the next pass does more. */
const MOST_CONSUMERS = 16;
const MOST_ENTRIES = 100;

/**
 * Takes back the jobs of consumers whose lease has ended, or of `givenUp`: each loss is an attempt that failed as
 * `worker-lost`. A consumer is deleted only when it has nothing pending, all in one script. Wakes a worker where a job is
 * due soon.
 *
 * `givenUp`: a consumer to give up now, or ''; `lingerMs`: how long its lease stays; `cause`: how it was lost. `aheadMs`: a job
 * that is due within this time is due soon. `mostLeases`: how many leases it counts. `isTold`: 1 to tell of each lost attempt.
 * Returns { recovered jobs, ms until the next lease ends or -1, 1 when there is more to do now, refs of recovered jobs that
 *   somebody asked to cancel, 2 where jobs have expired, 1 where some will, else 0, leases up to `mostLeases`, if `isTold` for each
 *   lost attempt { ref, consumer, attempt, ms since it was taken, message, the fields t and o of its entry } }.
 */
export const recoverScript = defineScript({
  name: 'recover',
  fragments: [QUEUE_ROOM],
  queueKeys: [
    'leases',
    'notes',
    'events',
    'totals',
    'wake',
    'stream',
    'due',
    'ranked',
    'scheduled',
    'expiring',
    'holds',
    'turns',
    'runningKeys',
    'runsFor',
    'settings',
    'changed',
  ],
  args: ['maxConsumers', 'maxEntries', 'givenUp', 'lingerMs', 'cause', 'aheadMs', 'mostLeases', 'isTold'],
  uses: [
    letters,
    now,
    withError,
    readTold,
    publishEvent,
    setRankedTime,
    wakeWorkers,
    pauseNow,
    findKeys,
    endKeys,
  ],
  lua: `
local budget, refs, cancelled, lost, told = tonumber(maxEntries), {}, {}, {}, {}

local function messageOf(consumer)
  return 'The worker ' .. consumer .. ' was lost while it ran the job: ' .. cause
end

local function takeBackOne(ref, consumer, failed, failedBefore, errors, losses)
  local token = (tonumber(failed) or 0) + 1
  local attempt = token - (failedBefore or 0)
  local line = cjson.encode({ message = messageOf(consumer), name = '${WORKER_LOST}', attempt = attempt, at = now })
  local changes = { ref .. ${NOTE.failedDeliveries}, token, ref .. ${NOTE.errors}, withError(errors, line) }
  -- A lease that ran out says nothing about its jobs: its machine may have gone, or the network.
  if givenUp ~= '' then
    changes[5], changes[6] = ref .. ${NOTE.losses}, (tonumber(losses) or 0) + 1
  end
  redis.call('HSET', notes, unpack(changes))
  refs[#refs + 1] = ref
  return attempt
end

local function takeBack(place, rows, consumer)
  local entries, isLast
  if isTold == '1' then entries, isLast = readTold(stream[place], rows) end
  if isLast then budget = #rows end
  local ids, asked, waiting, outdated = {}, {}, {}, {}
  for i, row in ipairs(rows) do
    local ref = LETTERS[place] .. row[1]
    ids[i], waiting[2 * i - 1], waiting[2 * i] = row[1], now, ref
    outdated[2 * i - 1], outdated[2 * i] = ref .. ${NOTE.lastMove}, ref .. ${NOTE.progress}
    for _, field in ipairs({ ${NOTE.failedDeliveries}, ${NOTE.failedBeforeRequeue}, ${NOTE.cancelAskedAt}, ${NOTE.errors}, ${NOTE.losses}, ${NOTE.runsFor} }) do
      asked[#asked + 1] = ref .. field
    end
  end
  local noted = redis.call('HMGET', notes, unpack(asked))
  redis.call('XACK', stream[place], '${GROUP}', unpack(ids))
  redis.call('ZADD', due[place], unpack(waiting))
  redis.call('HDEL', notes, unpack(outdated))
  for i = 1, #rows do
    local failed, failedBefore, cancelAsked, errors, losses, key = unpack(noted, 6 * i - 5, 6 * i)
    setRankedTime(ranked, waiting[2 * i], now)
    local attempt = takeBackOne(waiting[2 * i], consumer, failed, failedBefore, errors, losses)
    if entries then
      told[#told + 1] = { waiting[2 * i], consumer, attempt, rows[i][3], messageOf(consumer), unpack(entries[i]) }
    end
    lost[#lost + 1], lost[#lost + 2] = key, waiting[2 * i]
    if cancelAsked then cancelled[#cancelled + 1] = waiting[2 * i] end
  end
end

local function giveUp(consumer)
  for place = 1, 5 do
    local rows = budget > 0 and redis.call('XPENDING', stream[place], '${GROUP}', '-', '+', budget, consumer) or {}
    if #rows > 0 then takeBack(place, rows, consumer) end
    budget = budget - #rows
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

local function firstLeaseEnd() return tonumber(redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2]) end
local function isDueSoon()
  for _, waiting in ipairs({ scheduled, due[1], due[2], due[3], due[4], due[5] }) do
    if redis.call('ZCOUNT', waiting, '-inf', now + aheadMs) > 0 then return true end
  end
  return false
end

-- At its limit a queue wakes its workers itself.
local function hasRoom()
  local room = roomOf(unpack(redis.call('HMGET', settings, 'concurrency', 'rate'), 1, 2))
  return room.slots > 0 and room.starts > 0
end

local read = redis.call('ZRANGE', leases, 0, mostLeases - 1, 'WITHSCORES')
local first, ended, expired = tonumber(read[2]), {}, 0
if givenUp ~= '' then ended = { givenUp }
elseif first and first <= now then ended = redis.call('ZRANGE', leases, '-inf', now, 'BYSCORE', 'LIMIT', 0, maxConsumers) end
for _, consumer in ipairs(ended) do
  if budget > 0 then giveUp(consumer) end
end
if #refs > 0 then
  redis.call('HINCRBY', totals, 'recovered', #refs)
  local _, _, isKeyed = publishEvent(events, 'recovered', refs, settings, changed)
  local keysEnded = findKeys(runsFor, lost, isKeyed)
  wakeWorkers(wake, #refs + endKeys(runsFor, runningKeys, holds, turns, keysEnded, ${IS_FAIR}))
end
if #ended > 0 then
  first = firstLeaseEnd()
  -- A worker that was woken for the room below a limit may have been lost before it took anything.
  if #refs == 0 and redis.call('HEXISTS', settings, 'concurrency') == 1 then wakeWorkers(wake, 1) end
end
-- One question for queues in which nothing waits for its time.
if redis.call('EXISTS', expiring, scheduled, due[1], due[2], due[3], due[4], due[5]) > 0 then
  local firstExpiry = tonumber(redis.call('ZRANGE', expiring, 0, 0, 'WITHSCORES')[2])
  expired = firstExpiry and (firstExpiry <= now and 2 or 1) or 0
  if #refs == 0 and pauseNow(settings) == 0 and isDueSoon() and hasRoom() then wakeWorkers(wake, 1) end
end
local isMore = budget < 1 or #ended == tonumber(maxConsumers)
return { #refs, first and math.max(0, first - now) or -1, isMore and 1 or 0, cancelled, expired, #read / 2, told }
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
  /** Whether there are such jobs, or will be. */
  mayExpire: boolean;
  /** Those of the recovered jobs, where somebody wants to know. */
  lostAttempts: LostAttempt[];
  /** Leases of the queue: one for each worker process and each HTTP lease with jobs. A pass counts no more than it was told. */
  leases: number;
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

const NOBODY: GivenUp = { consumer: '', lingerMs: 0, how: LEASE_RAN_OUT };

/** Workers are woken for jobs that are due within this time, ms. */
const DEFAULT_AHEAD_MS = 2_000;

export interface RecoverOptions {
  /** Longer than until the next pass: a worker that is woken learns when the next job is due. */
  readonly aheadMs?: number;
  /** How many leases to count, at least one. */
  readonly mostLeases?: number;
  /** Whether to tell of each lost attempt, which reads the entries of the jobs. */
  readonly isTold?: boolean;
}

/** One bounded pass over the leases that have ended, or over one that is given up; call again while `more`. */
export async function recover(
  redis: Connection,
  queue: QueueKeys,
  { consumer, lingerMs, how }: GivenUp = NOBODY,
  { aheadMs = DEFAULT_AHEAD_MS, mostLeases = 1, isTold = false }: RecoverOptions = {},
): Promise<Recovery> {
  const [recovered, next, more, cancelled, expired, leases, told] = (await recoverScript.run(
    redis,
    { queue },
    {
      maxConsumers: MOST_CONSUMERS,
      maxEntries: MOST_ENTRIES,
      givenUp: consumer,
      lingerMs,
      cause: how,
      aheadMs,
      mostLeases,
      isTold: isTold ? 1 : 0,
    },
  )) as [number, number, number, string[], number, number, ToldAttempt[]];
  return {
    recovered,
    nextExpiryInMs: next < 0 ? undefined : next,
    more: more === 1,
    cancelled: cancelled.map(parseRef),
    hasExpired: expired === 2,
    mayExpire: expired > 0,
    lostAttempts: told.map(lostAttempt),
    leases,
  };
}
