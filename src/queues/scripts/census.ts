import { LIMIT_FIELDS, type LimitField } from '../../lifecycle/limits/settings.ts';
import { QUEUE_ROOM } from '../../lifecycle/scripts/fragments/limits.ts';
import { pauseEnd, RANK_SPAN } from '../../lifecycle/scripts/lua.ts';
import type { Connection } from '../../redis/connection.ts';
import { takesNoWrites } from '../../redis/faults.ts';
import { GROUP, type QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now, toMap } from '../../redis/script/lua.ts';
import type { Census } from './census-types.ts';
import { toCensus } from './decode-census.ts';
import { HELD_COUNTS } from './held-counts.ts';
import { STORE_NO_SAMPLE, STORE_SAMPLE } from './store-sample.ts';

/** Lua: the stored value of a limit, false for none. */
const limitValue = (field: LimitField): string => `configured[${LIMIT_FIELDS.indexOf(field) + 4}]`;

/**
 * Counts all jobs of a queue at one moment, in the places themselves. With `isLook` 1 it stores no reading for the rates, and leaves
 * out what costs most: totals, leases, the reading of a minute ago, and who runs jobs.
 *
 * Returns what `toCensus` reads.
 */
const CENSUS = {
  queueKeys: [
    'scheduled',
    'ranked',
    'holds',
    'leases',
    'totals',
    'settings',
    'samples',
    'stream',
    'due',
    'dead',
  ],
  args: ['maxLeases', 'maxGroups', 'isLook'],
  uses: [now, toMap],
  lua: `
local running, places, added, waitingSince, isMade = {}, {}, 0, now, false
local looks = isLook == '1'

local function countDue(waiting, total)
  local found = total > 0 and redis.call('ZCOUNT', waiting, '-inf', now) or 0
  if found == 0 then return 0 end
  -- Negative times are those of jobs that stepped aside for others, see take-due.ts: the longest wait is the last.
  for _, first in ipairs({ redis.call('ZRANGE', waiting, 0, now, 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES'),
    redis.call('ZRANGE', waiting, 0, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1, 'WITHSCORES') }) do
    -- A job submitted for a time that was past has waited since its submit.
    local created = first[1] and tonumber(string.match(first[1], '%d+'))
    if created then waitingSince = math.min(waitingSince, math.max(math.abs(first[2]), created)) end
  end
  return found
end
local function countRanked(priority)
  return redis.call('ZCOUNT', ranked, priority * ${RANK_SPAN}, priority * ${RANK_SPAN} + now)
end

local function count(place)
  local waiting, failed = redis.call('ZCARD', due[place]), redis.call('ZCARD', dead[place])
  local dueNow = countDue(due[place], waiting)
  local length, entriesAdded = redis.call('XLEN', stream[place]), 0
  -- XINFO reads entries, too: it costs forty times as much.
  if length == 0 and (looks or redis.call('EXISTS', stream[place]) == 0) then return { 0, 0, waiting, failed, 0, dueNow } end
  if not looks then entriesAdded = toMap(redis.call('XINFO', 'STREAM', stream[place]))['entries-added'] end
  isMade = true
  added = added + entriesAdded
  local pending, after = 0, '-'
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream[place])) do
    local workers = toMap(group)
    if workers.name == '${GROUP}' then pending, after = workers.pending, '(' .. workers['last-delivered-id'] end
  end
  if pending > 0 and not looks then
    for _, one in ipairs(redis.call('XPENDING', stream[place], '${GROUP}')[4] or {}) do
      running[one[1]] = (running[one[1]] or 0) + tonumber(one[2])
    end
  end
  -- Payloads may be long: the first entry that was not delivered is read only where there may be one.
  local mayWait = place < 5 and length > pending + waiting + failed
  local first = mayWait and redis.call('XRANGE', stream[place], after, '+', 'COUNT', 1)[1]
  if first then waitingSince = math.min(waitingSince, tonumber(string.match(first[1], '^%d+'))) end
  return { length, pending, waiting, failed, entriesAdded, dueNow }
end
for place = 1, 5 do places[place] = count(place) end
local delayed = redis.call('ZCARD', scheduled)
local delayedNow = countDue(scheduled, delayed)
local hasRanked = delayedNow + places[5][6] > 0 and redis.call('EXISTS', ranked) == 1
local ranks = hasRanked and { countRanked(1), countRanked(2), countRanked(4) } or { 0, 0, 0 }

local function readSample(ended)
  -- Clients choose names: a look at a queue that nobody has made leaves no key.
  if isMade then storeSample(added, ended) end
  return redis.call('XREVRANGE', samples, now - 60000, now - 120000, 'COUNT', 1)[1]
    or redis.call('XRANGE', samples, now - 120000, '+', 'COUNT', 1)[1]
end
local allTotals = looks and {} or redis.call('HGETALL', totals)
local sample = not looks and readSample(toMap(allTotals))

local function heldGroups()
  local groups, from = {}, '-'
  while #groups < tonumber(maxGroups) do
    local member = redis.call('ZRANGE', holds, from, '+', 'BYLEX', 'LIMIT', 0, 1)[1]
    local group, order, at = string.match(member or '', '^([^\\n]*\\n[^\\n]*\\n(%d%d))(%d+)')
    if not group then return groups end
    groups[#groups + 1] = { order, redis.call('ZLEXCOUNT', holds, '[' .. group, '(' .. group .. '\\255') }
    waitingSince = math.min(waitingSince, tonumber(at))
    from = '(' .. group .. '\\255'
  end
  waitingSince = math.min(waitingSince, oldestOfSome(maxGroups))
  return groups
end

local held, runs = heldGroups(), {}
local configured = redis.call('HMGET', settings, 'paused', 'maxJobs', 'submitEvents',
  ${LIMIT_FIELDS.map((field) => `'${field}'`).join(', ')})
local ends = configured[1] and ${pauseEnd('configured[1]')}
local isPaused = configured[1] and not (ends and ends <= now)
for consumer, jobs in pairs(running) do runs[#runs + 1] = consumer; runs[#runs + 1] = jobs end
return {
  now, delayed, isPaused and 1 or 0, allTotals,
  looks and {} or redis.call('ZRANGE', leases, 0, maxLeases - 1, 'WITHSCORES'), runs,
  sample and { sample[1], sample[2][2], sample[2][4], sample[2][6] } or {}, places,
  tonumber(configured[2]) or 0, delayedNow, waitingSince, held, ranks, configured[3] and 1 or 0,
  isPaused and ends or -1, { unpack(configured, 4, ${LIMIT_FIELDS.length + 3}) },
  countHeld(#held > 0, ${limitValue('concurrency')}, ${limitValue('rate')}),
}
`,
} as const;

export const censusScript = defineScript({
  ...CENSUS,
  name: 'census',
  fragments: [QUEUE_ROOM, HELD_COUNTS, STORE_SAMPLE],
});

/** For looks, and for a Redis that takes no writes. */
export const readCensusScript = defineScript({
  ...CENSUS,
  name: 'read-census',
  onlyReads: true,
  fragments: [QUEUE_ROOM, HELD_COUNTS, STORE_NO_SAMPLE],
});

const LISTED_LEASES = 1_000;
/** A class is a task with the releases that refused its jobs, so there are few groups. */
const LISTED_GROUPS = 200;

/** Reads the whole state of a queue in one step; at most 1,000 leases are listed. */
export async function takeCensus(redis: Connection, queue: QueueKeys): Promise<Census> {
  const args = { maxLeases: LISTED_LEASES, maxGroups: LISTED_GROUPS, isLook: 0 };
  try {
    return toCensus(await censusScript.run(redis, { queue }, args));
  } catch (error) {
    if (!takesNoWrites(error)) throw error;
    return toCensus(await readCensusScript.run(redis, { queue }, args));
  }
}

/** Only the counts, the age and the pause: for many queues at a time. */
export async function lookAtQueue(redis: Connection, queue: QueueKeys): Promise<Census> {
  const args = { maxLeases: 0, maxGroups: LISTED_GROUPS, isLook: 1 };
  return toCensus(await readCensusScript.run(redis, { queue }, args));
}
