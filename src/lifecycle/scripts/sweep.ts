import type { Connection } from '../../redis/connection.ts';
import { letterOf } from '../../redis/job-id.ts';
import { PLACES, type Place, type QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script.ts';

/** Entries that one step looks at. */
const STEP = 200;

/**
 * Looks for what no other script can have left, but accidents may: consumers without a lease, and entries that
 * were handed out and are in no place any more (their group was destroyed, or a replica without the last writes
 * took over). Every script moves a job from one place to another in one step, so that an entry in none is lost.
 *
 * KEYS: stream, due, dead, scheduled, leases, events, wake, settings. ARGV: letter of the stream, first entry id to look at,
 *   entries to look at.
 * Returns { entry id after which the next step begins, or '' at the end, entries found and made due }. A consumer
 * without a lease is given one that has ended, so that recovery does the rest.
 */
export const sweepScript = defineScript(
  'sweep',
  `
local stream, due, dead, scheduled, leases, events, wake = unpack(KEYS)
local letter, from, count = ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.call('EXISTS', stream) == 0 then return { '', 0 } end
local delivered
for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local info = flat(group)
  if info.name == 'workers' then delivered = info['last-delivered-id'] end
end
if not delivered then return { '', 0 } end

if from == '-' then
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, 'workers')) do
    redis.call('ZADD', leases, 'NX', now, flat(consumer).name)
  end
end

-- Entries of a lane that were not handed out yet are in their place; parked ones are never handed out by reading.
local upTo, found, last = letter == 'p' and '+' or delivered, {}, ''
for _, entry in ipairs(redis.call('XRANGE', stream, from, upTo, 'COUNT', count)) do
  last, count = entry[1], count - 1
  local ref = letter .. last
  if not redis.call('ZSCORE', due, ref) and not redis.call('ZSCORE', dead, ref) and not redis.call('ZSCORE', scheduled, ref)
    and #redis.call('XPENDING', stream, 'workers', last, last, 1) == 0 then
    redis.call('ZADD', due, now, ref)
    found[#found + 1] = ref
  end
end
announce(events, 'recovered', found, KEYS[#KEYS])
nudge(wake, #found)
return { count < 1 and last or '', #found }
`,
);

/** Where a sweep goes on: a stream, and the first entry of it to look at, as XRANGE takes it. */
export type SweepPosition = { place: Place; from: string } | 'end';

export const SWEEP_START: SweepPosition = { place: PLACES[0], from: '-' };

/** One bounded step. */
export async function sweep(
  redis: Connection,
  keys: QueueKeys,
  { place, from }: Exclude<SweepPosition, 'end'>,
): Promise<{ found: number; next: SweepPosition }> {
  const [last, found] = (await sweepScript.run(
    redis,
    [
      keys.stream[place],
      keys.due[place],
      keys.dead[place],
      keys.scheduled,
      keys.leases,
      keys.events,
      keys.wake,
      keys.settings,
    ],
    [letterOf(place), from, STEP],
  )) as [string, number];
  if (last !== '') return { found, next: { place, from: `(${last}` } };
  const following = PLACES[PLACES.indexOf(place) + 1];
  return { found, next: following === undefined ? 'end' : { place: following, from: '-' } };
}
