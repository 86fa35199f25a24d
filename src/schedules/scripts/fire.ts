import type { Connection } from '../../redis/connection.ts';
import { type EntryOptions, encodeOptions } from '../../redis/entry-options.ts';
import { inOrder, type Place, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script.ts';

/** Slots of one schedule that are to be fired. */
export interface Firing {
  id: string;
  /** The state as it was read. */
  expected: string;
  /** The state afterwards, JSON, but for what becomes of the jobs. */
  state: string;
  /** When it is to fire next, Unix ms. */
  fireAt: number | undefined;
  skipsOverlap: boolean;
  maxRuns: number | undefined;
  job: { place: Place; task: string; payload: string };
  slots: { slot: number; options: EntryOptions }[];
}

/**
 * Submits the jobs of slots, and moves their schedules on, each if it is as it was read: whoever comes second finds
 * another state, and submits nothing.
 *
 * A slot of which no job may be submitted is counted as skipped: the queue is full, or the job of the slot before
 * has not ended where overlap is `skip`. A job has ended when its entry is gone or dead.
 *
 * KEYS: streams x5, dead x5, expiring, settings, schedule states, slots.
 * ARGV per schedule: id, expected state, new state, next time or '', 1 to skip overlaps, most runs or '', lane, task,
 *   payload, expires after ms or '', number of slots, then per slot: slot, options.
 * Returns per schedule its state, or '' where it was not as expected.
 */
export const fireScript = defineScript(
  'fire',
  `
local expiring, settings, states, slots = KEYS[11], KEYS[12], KEYS[13], KEYS[14]
local limit = tonumber(redis.call('HGET', settings, 'maxJobs'))
local room = limit
if limit then
  for place = 1, 5 do room = room - redis.call('XLEN', KEYS[place]) + redis.call('ZCARD', KEYS[5 + place]) end
end

local function isOpen(ref)
  -- All letters but that of parked, where no schedule's job goes.
  for place = 1, 4 do
    if LETTERS[place] == string.sub(ref, 1, 1) then
      local id = string.sub(ref, 2)
      return #redis.call('XRANGE', KEYS[place], id, id) > 0 and not redis.call('ZSCORE', KEYS[5 + place], ref)
    end
  end
  return false
end

local function submit(lane, task, payload, options, lapses)
  local id = redis.pcall('XADD', KEYS[lane], '*', 't', task, 'p', payload, 'o', options)
  if id.err then return nil end
  local ref = LETTERS[lane] .. id
  if lapses then redis.call('ZADD', expiring, tonumber(string.match(id, '^%d+')) + lapses, ref) end
  if room then room = room - 1 end
  return ref
end

local fired, i = {}, 1
-- As many as the caller has planned: 100 schedules at most, and 200 slots of all of them together.
while i <= #ARGV do
  local id, expected, at, skips, most = ARGV[i], ARGV[i + 1], ARGV[i + 3], ARGV[i + 4] == '1', tonumber(ARGV[i + 5])
  local lane, task, payload, lapses = tonumber(ARGV[i + 6]), ARGV[i + 7], ARGV[i + 8], tonumber(ARGV[i + 9])
  local first, count, moved = i + 11, tonumber(ARGV[i + 10]), ''
  if redis.call('HGET', states, id) == expected then
    local state = cjson.decode(ARGV[i + 2])
    for j = first, first + 2 * count - 2, 2 do
      if most and state.runs >= most then break end
      local slot, reason, ref = tonumber(ARGV[j]), nil, nil
      if skips and state.ref and isOpen(state.ref) then reason = 'overlap'
      elseif room and room < 1 then reason = 'queue-full'
      else
        ref = submit(lane, task, payload, ARGV[j + 1], lapses)
        if not ref then reason = 'not-stored' end
      end
      if ref then
        state.last, state.ref, state.runs = slot, ref, state.runs + 1
      else
        state.skipped, state.skip = state.skipped + 1, { slot = slot, reason = reason }
      end
    end
    if most and state.runs >= most then state.next = nil end
    if state.next then redis.call('ZADD', slots, at, id)
    else
      state.finished = true
      redis.call('ZREM', slots, id)
    end
    moved = cjson.encode(state)
    redis.call('HSET', states, id, moved)
  end
  fired[#fired + 1] = moved
  i = first + 2 * count
end
return fired
`,
  { whenFull: 'refused' },
);

/** Fires slots of schedules of one queue. Returns the state of each, JSON; '' where another process fired it. */
export async function fire(
  redis: Connection,
  keys: QueueKeys,
  firings: readonly Firing[],
): Promise<string[]> {
  const args = firings.flatMap(({ id, expected, state, fireAt, skipsOverlap, maxRuns, job, slots }) => [
    id,
    expected,
    state,
    fireAt ?? '',
    skipsOverlap ? 1 : 0,
    maxRuns ?? '',
    placeIndex(job.place),
    job.task,
    job.payload,
    slots[0]?.options.x ?? '',
    slots.length,
    ...slots.flatMap(({ slot, options }) => [slot, encodeOptions(options)]),
  ]);
  const { stream, dead, expiring, settings, scheduleStates } = keys;
  return (await fireScript.run(
    redis,
    [...inOrder(stream), ...inOrder(dead), expiring, settings, scheduleStates, keys.slots],
    args,
  )) as string[];
}
