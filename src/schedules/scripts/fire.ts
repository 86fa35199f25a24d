import { openJobs } from '../../lifecycle/scripts/lua.ts';
import type { Connection } from '../../redis/connection.ts';
import { type EntryOptions, encodeOptions } from '../../redis/entry-options.ts';
import { type Place, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { letters } from '../../redis/lua.ts';
import { defineScript } from '../../redis/script.ts';

/** Slots of one schedule that are to be fired. */
export interface Firing {
  id: string;
  /** The state as it was read. */
  expected: string;
  /** The state afterwards, JSON; the script adds what becomes of the jobs. */
  state: string;
  /** When it is to fire next, Unix ms. */
  fireAt: number | undefined;
  skipsOverlap: boolean;
  maxRuns: number | undefined;
  job: { place: Place; task: string; payload: string };
  slots: { slot: number; options: EntryOptions }[];
}

/**
 * Submits the jobs of slots and moves their schedules on, each if its state is as it was read: a second process finds
 * another state, and submits nothing.
 *
 * A slot without a job counts as skipped: the queue is full, or with overlap `skip` the job before has not ended. A job has
 * ended when its entry is gone or dead.
 *
 * `firings`, per schedule: id, expected state, new state, next time or '', 1 to skip overlaps, most runs or '', lane, task,
 *   payload, expires after ms or '', number of slots, then per slot: slot, options.
 * Returns per schedule its state, or '' where it was not as expected.
 */
export const fireScript = defineScript({
  name: 'fire',
  queueKeys: ['stream', 'dead', 'expiring', 'settings', 'scheduleStates', 'slots'],
  args: [{ list: 'firings' }],
  uses: [letters, openJobs],
  whenFull: 'refused',
  lua: `
local freeDepth = tonumber(redis.call('HGET', settings, 'maxJobs'))
if freeDepth then
  for place = 1, 5 do freeDepth = freeDepth - openJobs(stream[place], dead[place]) end
end

local function isOpen(ref)
  -- All letters but that of parked, where no schedule's job goes.
  for place = 1, 4 do
    if LETTERS[place] == string.sub(ref, 1, 1) then
      local id = string.sub(ref, 2)
      return #redis.call('XRANGE', stream[place], id, id) > 0 and not redis.call('ZSCORE', dead[place], ref)
    end
  end
  return false
end

local function submit(lane, task, payload, options, expiresIn)
  local id = redis.pcall('XADD', stream[lane], '*', 't', task, 'p', payload, 'o', options)
  if id.err then return nil end
  local ref = LETTERS[lane] .. id
  if expiresIn then redis.call('ZADD', expiring, tonumber(string.match(id, '^%d+')) + expiresIn, ref) end
  if freeDepth then freeDepth = freeDepth - 1 end
  return ref
end

local function fireSlot(i, state, slot, options)
  local reason, ref
  if firings[i + 4] == '1' and state.ref and isOpen(state.ref) then reason = 'overlap'
  elseif freeDepth and freeDepth < 1 then reason = 'queue-full'
  else
    ref = submit(tonumber(firings[i + 6]), firings[i + 7], firings[i + 8], options, tonumber(firings[i + 9]))
    if not ref then reason = 'not-stored' end
  end
  if ref then
    state.last, state.ref, state.runs = slot, ref, state.runs + 1
  else
    state.skipped, state.skip = state.skipped + 1, { slot = slot, reason = reason }
  end
end

local states, i = {}, 1
-- As many as the caller has planned: 100 schedules at most, and 200 slots of all of them together.
while i <= #firings do
  local id, at, most = firings[i], firings[i + 3], tonumber(firings[i + 5])
  local first, count, moved = i + 11, tonumber(firings[i + 10]), ''
  if redis.call('HGET', scheduleStates, id) == firings[i + 1] then
    local state = cjson.decode(firings[i + 2])
    for j = first, first + 2 * count - 2, 2 do
      if most and state.runs >= most then break end
      fireSlot(i, state, tonumber(firings[j]), firings[j + 1])
    end
    if most and state.runs >= most then state.next = nil end
    if state.next then redis.call('ZADD', slots, at, id)
    else
      state.finished = true
      redis.call('ZREM', slots, id)
    end
    moved = cjson.encode(state)
    redis.call('HSET', scheduleStates, id, moved)
  end
  states[#states + 1] = moved
  i = first + 2 * count
end
return states
`,
});

/** Fires slots of schedules of one queue. Returns the state of each, JSON; '' where another process fired it. */
export async function fire(
  redis: Connection,
  queue: QueueKeys,
  planned: readonly Firing[],
): Promise<string[]> {
  const firings = planned.flatMap(({ id, expected, state, fireAt, skipsOverlap, maxRuns, job, slots }) => [
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
  return (await fireScript.run(redis, { queue }, { firings })) as string[];
}
