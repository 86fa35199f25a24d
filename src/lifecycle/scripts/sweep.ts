import type { Connection } from '../../redis/connection.ts';
import { letterOf } from '../../redis/job-id.ts';
import { GROUP, PLACES, type Place, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now, PLACE_LETTERS, toMap, visitIds } from '../../redis/script/lua.ts';
import { forgetChanges } from './changes/forget-changes.ts';
import { FOLLOWERS_START, sweepHolds } from './holds/sweep-holds.ts';
import { KEYS_SAMPLE, KEYS_START, sweepKeys } from './keys/sweep-keys.ts';
import { ownHeldPlace } from './keys/turns.ts';
import { publishEvent, setRankedTime, wakeWorkers } from './lua.ts';
import { leaseConsumers } from './places/count-places.ts';
import { forgetTags } from './tags/forget-tags.ts';
import { sweepUniques } from './unique/sweep-uniques.ts';

/** Entries that one step checks, and bytes that it reads: bounds the time for which it keeps Redis busy. */
const STEP = 200;
const STEP_BYTES = 1_048_576;
/** Ranks, chosen at random, that the last step of a sweep checks. */
const RANKS = 50;

/**
 * Finds what no other script can have left, but accidents may: consumers without a lease, and entries that were delivered and
 * are in no place (their group was destroyed, or a replica without the last writes took over). Every script moves a
 * job from one place to another in one step, so that an entry in none is lost.
 *
 * `from`: first entry id to check; `most`: entries to check. A consumer without a lease gets one that has ended, so that
 * recovery does the rest.
 * Returns { where the next step begins as XRANGE takes it, or '' at the end, entries found and made due }.
 */
export const sweepScript = defineScript({
  name: 'sweep',
  queueKeys: ['scheduled', 'ranked', 'holds', 'notes', 'leases', 'events', 'wake', 'settings', 'changed'],
  keys: ['stream', 'due', 'dead'],
  args: ['letter', 'from', 'most'],
  uses: [now, toMap, visitIds, leaseConsumers, ownHeldPlace, publishEvent, setRankedTime, wakeWorkers],
  lua: `
if redis.call('EXISTS', stream) == 0 then return { '', 0 } end
local delivered
for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local info = toMap(group)
  if info.name == '${GROUP}' then delivered = info['last-delivered-id'] end
end
if not delivered then return { '', 0 } end

if from == '-' then leaseConsumers(stream, leases) end

local place = string.find('${PLACE_LETTERS}', letter, 1, true)
local function isHeld(ref, id, options)
  local heldAs = redis.call('HGET', notes, ref .. ${NOTE.heldAs})
  if heldAs and redis.call('ZSCORE', holds, heldAs .. ref) then return true end
  local keyHeldAs = ownHeldPlace(place, id, options)
  return keyHeldAs and redis.call('ZSCORE', holds, keyHeldAs .. ref)
end
local function isSomewhere(id, ref, options)
  return redis.call('ZSCORE', due, ref) or redis.call('ZSCORE', dead, ref) or redis.call('ZSCORE', scheduled, ref)
    or #redis.call('XPENDING', stream, '${GROUP}', id, id, 1) > 0 or isHeld(ref, id, options)
end

-- Entries of a lane that were not delivered yet are in their place; parked ones are never delivered by reading.
local upTo, found = letter == '${letterOf('parked')}' and '+' or delivered, {}
local last = visitIds(stream, from, upTo, tonumber(most), ${STEP_BYTES}, function(id, fields)
  local ref = letter .. id
  if isSomewhere(id, ref, fields[6]) then return end
  redis.call('ZADD', due, now, ref)
  setRankedTime(ranked, ref, now)
  found[#found + 1] = ref
end)
-- A release without ranks leaves those of the jobs that it has ended.
for _, ref in ipairs(letter == '${letterOf('parked')}' and last == '' and redis.call('ZRANDMEMBER', ranked, ${RANKS}) or {}) do
  if not isSomewhere(string.sub(ref, 2), ref) then redis.call('ZREM', ranked, ref) end
end
publishEvent(events, 'recovered', found, settings, changed)
wakeWorkers(wake, #found)
return { last, #found }
`,
});

/**
 * What is swept behind the streams, each in steps of its own, which return where the next one begins. `short`: where it begins if the
 * places of the queue are only counted.
 */
const BEHIND = [
  { place: 'holds', start: '-', short: FOLLOWERS_START, step: sweepHolds },
  { place: 'keys', start: KEYS_START, short: KEYS_SAMPLE, step: sweepKeys },
  { place: 'changed', start: '0', short: '0', step: forgetChanges },
  { place: 'uniques', start: '0', short: '0', step: sweepUniques },
  { place: 'tagged', start: '-', short: '-', step: forgetTags },
] as const;

interface SweepPoint {
  place: Place | (typeof BEHIND)[number]['place'];
  from: string;
  /** The sweep looks at followers and at a sample of the keys. */
  isShort?: boolean;
}

/** Where a sweep goes on: a stream and its first entry to check, as XRANGE takes it; then one of those behind the streams. */
export type SweepPosition = SweepPoint | 'end';

export const SWEEP_START: SweepPosition = { place: PLACES[0], from: '-' };

/** Where the sweep of a long queue begins, if `isSound` finds it sound. */
export const SHORT_SWEEP_START: SweepPosition = startOf(0, true);

/** One bounded step. */
export async function sweep(
  redis: Connection,
  queue: QueueKeys,
  point: SweepPoint,
): Promise<{ found: number; next: SweepPosition }> {
  const { place, from, isShort = false } = point;
  const behind = BEHIND.findIndex((one) => one.place === place);
  if (behind >= 0) {
    const next = await BEHIND[behind]?.step(redis, queue, from);
    return { found: 0, next: next === undefined ? startOf(behind + 1, isShort) : { ...point, from: next } };
  }
  return sweepStream(redis, queue, place as Place, from);
}

function startOf(behind: number, isShort: boolean): SweepPosition {
  const next = BEHIND[behind];
  if (next === undefined) return 'end';
  return { place: next.place, from: isShort ? next.short : next.start, isShort };
}

async function sweepStream(
  redis: Connection,
  queue: QueueKeys,
  place: Place,
  from: string,
): Promise<{ found: number; next: SweepPosition }> {
  const [following, found] = (await sweepScript.run(
    redis,
    { queue, stream: queue.stream[place], due: queue.due[place], dead: queue.dead[place] },
    { letter: letterOf(place), from, most: STEP },
  )) as [string, number];
  if (following !== '') return { found, next: { place, from: following } };
  const after = PLACES[PLACES.indexOf(place) + 1];
  return { found, next: after === undefined ? startOf(0, false) : { place: after, from: '-' } };
}
