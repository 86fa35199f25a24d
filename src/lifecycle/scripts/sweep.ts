import type { Connection } from '../../redis/connection.ts';
import { letterOf } from '../../redis/job-id.ts';
import { GROUP, PLACES, type Place, type QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now, toMap } from '../../redis/script/lua.ts';
import { publishEvent, setRankedTime, wakeWorkers } from './lua.ts';

/** Entries that one step checks. */
const STEP = 200;
/** Ranks, chosen at random, that one step checks. */
const RANKS = 50;

/**
 * Finds what no other script can have left, but accidents may: consumers without a lease, and entries that were delivered and
 * are in no place (their group was destroyed, or a replica without the last writes took over). Every script moves a
 * job from one place to another in one step, so that an entry in none is lost.
 *
 * `from`: first entry id to check; `most`: entries to check. A consumer without a lease gets one that has ended, so that
 * recovery does the rest.
 * Returns { entry id after which the next step begins, or '' at the end, entries found and made due }.
 */
export const sweepScript = defineScript({
  name: 'sweep',
  queueKeys: ['scheduled', 'ranked', 'leases', 'events', 'wake', 'settings'],
  keys: ['stream', 'due', 'dead'],
  args: ['letter', 'from', 'most'],
  uses: [now, toMap, publishEvent, setRankedTime, wakeWorkers],
  lua: `
if redis.call('EXISTS', stream) == 0 then return { '', 0 } end
local delivered
for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local info = toMap(group)
  if info.name == '${GROUP}' then delivered = info['last-delivered-id'] end
end
if not delivered then return { '', 0 } end

if from == '-' then
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, '${GROUP}')) do
    redis.call('ZADD', leases, 'NX', now, toMap(consumer).name)
  end
end

local function isSomewhere(id, ref)
  return redis.call('ZSCORE', due, ref) or redis.call('ZSCORE', dead, ref) or redis.call('ZSCORE', scheduled, ref)
    or #redis.call('XPENDING', stream, '${GROUP}', id, id, 1) > 0
end

-- Entries of a lane that were not delivered yet are in their place; parked ones are never delivered by reading.
local upTo, found, last = letter == '${letterOf('parked')}' and '+' or delivered, {}, ''
local entries = redis.call('XRANGE', stream, from, upTo, 'COUNT', most)
for _, entry in ipairs(entries) do
  last = entry[1]
  local ref = letter .. last
  if not isSomewhere(last, ref) then
    redis.call('ZADD', due, now, ref)
    setRankedTime(ranked, ref, now)
    found[#found + 1] = ref
  end
end
-- A release without ranks leaves those of the jobs that it has ended.
for _, ref in ipairs(letter == '${letterOf('parked')}' and redis.call('ZRANDMEMBER', ranked, ${RANKS}) or {}) do
  if not isSomewhere(string.sub(ref, 2), ref) then redis.call('ZREM', ranked, ref) end
end
publishEvent(events, 'recovered', found, settings)
wakeWorkers(wake, #found)
return { #entries == tonumber(most) and last or '', #found }
`,
});

/** Where a sweep goes on: a stream, and the first entry of it to check, as XRANGE takes it. */
export type SweepPosition = { place: Place; from: string } | 'end';

export const SWEEP_START: SweepPosition = { place: PLACES[0], from: '-' };

/** One bounded step. */
export async function sweep(
  redis: Connection,
  queue: QueueKeys,
  { place, from }: Exclude<SweepPosition, 'end'>,
): Promise<{ found: number; next: SweepPosition }> {
  const [last, found] = (await sweepScript.run(
    redis,
    { queue, stream: queue.stream[place], due: queue.due[place], dead: queue.dead[place] },
    { letter: letterOf(place), from, most: STEP },
  )) as [string, number];
  if (last !== '') return { found, next: { place, from: `(${last}` } };
  const following = PLACES[PLACES.indexOf(place) + 1];
  return { found, next: following === undefined ? 'end' : { place: following, from: '-' } };
}
