import type { Connection } from '../../../redis/connection.ts';
import { GROUP, type QueueKeys } from '../../../redis/keys.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { PLACE_LETTERS } from '../../../redis/script/lua.ts';
import { SPLIT_REF } from '../fragments/take.ts';
import { wakeWorkers } from '../lua.ts';
import { endKeys, heldClass, KEYED_PLACES, turnOf } from './turns.ts';

/** Jobs or keys of one step: bounds the time for which it keeps Redis busy. */
const STEP = 100;
/** Held jobs, chosen at random, whose keys a short sweep looks at. */
const SAMPLE = 10;
/** Pending jobs of one read. */
const MOST_PENDING = 1_000;

/**
 * Repairs what accidents leave of limits for keys, such as a release that does not know them, or a change of Redis by hand.
 * First come the jobs that count as running for a key: one that is not pending no longer counts. Then come the keys with held
 * jobs: one that waits for nothing gets a turn. At last the sweep deletes what is left of removed limits.
 *
 * `from`: 'r' and the member of `runningKeys`, or 'h' and the class, after which the step begins. 's' and such a member: the sweep then looks
 * at a sample of the keys with held jobs, and at all of them if one of these waits for nothing.
 * Returns where the next step begins in the same form, '' at the end.
 */
export const sweepKeysScript = defineScript({
  name: 'sweep-keys',
  queueKeys: ['stream', 'settings', ...KEYED_PLACES, 'wake'],
  args: ['from', 'most'],
  uses: [endKeys, heldClass, turnOf, wakeWorkers],
  lua: `
local after = '(' .. string.sub(from, 2)

local hasRate = redis.call('HEXISTS', settings, 'keyRate') == 1
local function waitsForNothing(key)
  local waits = redis.call('ZSCORE', turns, key) or hasRate and redis.call('ZSCORE', keyTimes, key)
  if waits then return false end
  return #redis.call('ZRANGE', runningKeys, '[' .. key .. '\\n', '(' .. key .. '\\n\\255', 'BYLEX', 'LIMIT', 0, 1) == 0
end

-- Whether all keys with held jobs are to be looked at, as where a sweep goes on.
local function sample()
  local hasKeys, looked = false, {}
  for _, member in ipairs(redis.call('ZRANDMEMBER', holds, ${SAMPLE})) do
    local key = string.match(member, '^key:([^\\n]*)\\n')
    if key and not looked[key] and waitsForNothing(key) then return 'h' end
    hasKeys = hasKeys or key
    if key then looked[key] = true end
  end
  return hasKeys and '' or 'h'
end

local function sweepRunning()
  local members = redis.call('ZRANGE', runningKeys, after == '(' and '-' or after, '+', 'BYLEX', 'LIMIT', 0, most)
  local ended, pending = {}, {}
  -- There are rarely more running jobs than one read brings.
  local function isPending(place, id)
    if not pending[place] then
      local rows, ids = redis.pcall('XPENDING', stream[place], '${GROUP}', '-', '+', ${MOST_PENDING}), {}
      for _, row in ipairs(rows) do ids[row[1]] = true end
      pending[place] = { ids = ids, isAll = #rows < ${MOST_PENDING} }
    end
    return pending[place].ids[id]
      or not pending[place].isAll and #redis.call('XPENDING', stream[place], '${GROUP}', id, id, 1) > 0
  end
  for _, member in ipairs(members) do
    local key, ref = string.match(member, '^(.*)\\n([${PLACE_LETTERS}]%d+%-%d+)$')
    if not ref then redis.call('ZREM', runningKeys, member)
    else
      local place, id = ${SPLIT_REF}
      if not isPending(place, id) then ended[#ended + 1], ended[#ended + 2] = key, ref end
    end
  end
  wakeWorkers(wake, endKeys(runsFor, runningKeys, holds, turns, ended, redis.call('HGET', settings, 'fair')))
  local mode = string.sub(from, 1, 1)
  return #members == tonumber(most) and mode .. members[#members] or mode == 'r' and 'h' or sample()
end

local function sweepHeld()
  local found = 0
  if after == '(' then after = '[' .. string.sub(heldClass(''), 1, -2) end
  for _ = 1, most do
    local member = redis.call('ZRANGE', holds, after, '(key;', 'BYLEX', 'LIMIT', 0, 1)[1]
    local key = member and string.match(member, '^key:([^\\n]*)\\n')
    if not key then
      wakeWorkers(wake, found)
      return ''
    end
    after = '(' .. heldClass(key) .. '\\n\\255'
    if waitsForNothing(key) then
      redis.call('ZADD', turns, turnOf(member), key)
      found = found + 1
    end
  end
  wakeWorkers(wake, found)
  return 'h' .. string.sub(after, 2)
end

-- Most queues have nothing of this.
if (from == 'r' or from == 's') and redis.call('EXISTS', runningKeys, turns, keyTimes, keyRates) == 0
  and redis.call('HEXISTS', settings, 'keyed') == 0 then return '' end
if string.sub(from, 1, 1) ~= 'h' then return sweepRunning() end
local after = sweepHeld()
if after == '' and #redis.call('ZRANGE', holds, '[key:', '(key;', 'BYLEX', 'LIMIT', 0, 1) == 0 then
  local limits = redis.call('HMGET', settings, 'keyConcurrency', 'keyRate', 'keyMaxJobs', 'fair')
  redis.call('UNLINK', turns, keyTimes)
  if not (limits[1] or limits[2] or limits[3] or limits[4]) and redis.call('EXISTS', runningKeys) == 0 then
    redis.call('UNLINK', keyRates, runsFor)
    redis.call('HDEL', settings, 'keyed')
  end
end
return after
`,
});

/** Where a sweep of the keys begins, and one that looks only at a sample of those with held jobs. */
export const KEYS_START = 'r';
export const KEYS_SAMPLE = 's';

/** One bounded step. Returns where the next one begins; undefined at the end. */
export async function sweepKeys(
  redis: Connection,
  queue: QueueKeys,
  from: string,
): Promise<string | undefined> {
  const next = (await sweepKeysScript.run(redis, { queue }, { from, most: STEP })) as string;
  return next === '' ? undefined : next;
}

/**
 * Gives a turn to keys with held jobs that wait for the end of a job or for their rate: limits were changed, and takes look again
 * whether they may start.
 *
 * `from`: the member of `runningKeys` after which the step begins, or '' for the first. Returns the next one, '' at the end.
 */
export const recheckKeysScript = defineScript({
  name: 'recheck-keys',
  queueKeys: ['holds', 'turns', 'runningKeys', 'keyTimes', 'wake'],
  args: ['from', 'most'],
  uses: [heldClass, turnOf, wakeWorkers],
  lua: `
local members = redis.call('ZRANGE', runningKeys, from == '' and '-' or '(' .. from, '+', 'BYLEX', 'LIMIT', 0, most)
local delayed = redis.call('ZRANGE', keyTimes, 0, most - 1)
local keys, waiting = {}, {}
for _, member in ipairs(members) do keys[string.match(member, '^[^\\n]*')] = true end
for _, key in ipairs(delayed) do keys[key] = true end
for key in pairs(keys) do
  local class = heldClass(key) .. '\\n'
  local first = redis.call('ZRANGE', holds, '[' .. class, '(' .. class .. '\\255', 'BYLEX', 'LIMIT', 0, 1)[1]
  if first then waiting[#waiting + 1], waiting[#waiting + 2] = turnOf(first), key end
end
if #waiting > 0 then redis.call('ZADD', turns, 'LT', unpack(waiting)) end
if #delayed > 0 then redis.call('ZREM', keyTimes, unpack(delayed)) end
wakeWorkers(wake, #waiting / 2)
local isMore = #members == tonumber(most) or #delayed == tonumber(most)
return isMore and (members[#members] or '~') or ''
`,
});

/** Most steps of one call: there may be more keys than a request can wait for, and takes and sweeps do the rest. */
const MOST_STEPS = 200;

/** To be called when limits for keys were changed. */
export async function recheckKeys(redis: Connection, queue: QueueKeys): Promise<void> {
  let from = '';
  for (let i = 0; i < MOST_STEPS; i += 1) {
    from = (await recheckKeysScript.run(redis, { queue }, { from, most: STEP })) as string;
    if (from === '') return;
  }
}
