import { PLACE_FRAGMENTS } from '../../jobs/unique/scripts/submit-unique.ts';
import type { UniqueRule } from '../../jobs/unique/scripts/unique-rule.ts';
import { openJobs, publishSubmitted } from '../../lifecycle/scripts/lua.ts';
import { moveTags, tagLines } from '../../lifecycle/scripts/tags/tag-place.ts';
import { WAKE_HORIZON_MS } from '../../lifecycle/wake.ts';
import type { Connection } from '../../redis/connection.ts';
import { type EntryOptions, encodeOptions } from '../../redis/entry-options.ts';
import { type Place, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { defineScript, type ScriptArg } from '../../redis/script/define-script.ts';
import { letters } from '../../redis/script/lua.ts';
import { DEFAULT_PRIORITY } from '../../schemas/job.ts';
import { MAX_DURATION_MS } from '../../schemas/values/duration.ts';
import { PRIORITIES } from '../../schemas/values/names.ts';

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
  job: { place: Place; task: string; payload: string; unique?: UniqueRule };
  slots: { slot: number; options: EntryOptions }[];
}

/** Fields of a schedule in the arguments; its slots follow, each with a time and options. '' stands for none. */
const FIELDS = [
  'id',
  'expected',
  'state',
  'at',
  'skipsOverlap',
  'maxRuns',
  'lane',
  'task',
  'payload',
  'expiresIn',
  'isUnique',
  'tags',
  'slotCount',
] as const;
type Field = (typeof FIELDS)[number];

/** Lua: a field of the schedule whose first one is `firings[first]`. */
const field = (name: Field): string => `firings[first + ${FIELDS.indexOf(name)}]`;

/**
 * Submits the jobs of slots and moves their schedules on, each if its state is as it was read: a second process finds
 * another state, and submits nothing.
 *
 * A slot without a job counts as skipped: the queue is full, another job has the place of a unique one, or with overlap `skip` the
 * job before has not ended. A job has ended when its entry is gone or dead.
 *
 * Returns per schedule its state, or '' where it was not as expected.
 */
export const fireScript = defineScript({
  name: 'fire',
  queueKeys: [
    'stream',
    'dead',
    'expiring',
    'tagged',
    'settings',
    'events',
    'changed',
    'scheduleStates',
    'slots',
  ],
  fragments: PLACE_FRAGMENTS,
  args: [{ list: 'firings' }],
  uses: [letters, openJobs],
  whenFull: 'refused',
  lua: `
local configured = redis.call('HMGET', settings, 'maxJobs', 'submitEvents', 'changed')
local freeDepth, submitted, hasChanged = tonumber(configured[1]), configured[2] and {}, configured[3]
if freeDepth then
  for place = 1, 5 do freeDepth = freeDepth - openJobs(stream[place], dead[place]) end
end

local function isOpen(ref)
  -- The job of a schedule is in a lane, until it is changed.
  ref = hasChanged and redis.call('HGET', changed, ref) or ref
  for place = 1, 5 do
    if LETTERS[place] == string.sub(ref, 1, 1) then
      local id = string.sub(ref, 2)
      return #redis.call('XRANGE', stream[place], id, id) > 0 and not redis.call('ZSCORE', dead[place], ref)
    end
  end
  return false
end

local function submit(lane, task, payload, options, expiresIn, tags)
  local id = redis.pcall('XADD', stream[lane], '*', 't', task, 'p', payload, 'o', options)
  if id.err then return nil end
  local ref = LETTERS[lane] .. id
  if expiresIn then redis.call('ZADD', expiring, tonumber(string.match(id, '^%d+')) + expiresIn, ref) end
  ${moveTags('ZADD', 'tagged', 'tags', 'ref')}
  if freeDepth then freeDepth = freeDepth - 1 end
  if submitted then table.insert(submitted, ref) end
  return ref
end

local PRIORITY_NAMES = { ${PRIORITIES.map((priority) => `'${priority}'`).join(', ')} }
local function submitUnique(lane, task, payload, options, expiresIn)
  local isDone, kind, found = pcall(takePlace, { task = task, payload = payload, options = options, lane = lane,
    priority = lane ~= ${placeIndex(DEFAULT_PRIORITY)} and PRIORITY_NAMES[lane] or nil, expiresIn = expiresIn })
  if not isDone then return nil, 'not-stored' end
  if kind == 'full' then return nil, 'queue-full' end
  if kind == 'stored' and freeDepth then freeDepth = freeDepth - 1 end
  if kind == 'stored' or kind == 'replaced' then return found end
  return nil, 'not-unique'
end

local function fireSlot(first, state, slot, options)
  local reason, ref
  if ${field('skipsOverlap')} == '1' and state.ref and isOpen(state.ref) then reason = 'overlap'
  elseif ${field('isUnique')} == '1' then
    ref, reason = submitUnique(tonumber(${field('lane')}), ${field('task')}, ${field('payload')}, options, tonumber(${field('expiresIn')}))
  elseif freeDepth and freeDepth < 1 then reason = 'queue-full'
  else
    ref = submit(tonumber(${field('lane')}), ${field('task')}, ${field('payload')}, options, tonumber(${field('expiresIn')}),
      ${field('tags')})
    if not ref then reason = 'not-stored' end
  end
  if ref then
    state.last, state.ref, state.runs = slot, ref, state.runs + 1
  else
    state.skipped, state.skip = state.skipped + 1, { slot = slot, reason = reason }
  end
end

local states, first = {}, 1
-- As many as the caller has planned: 100 schedules at most, and 200 slots of all of them together.
while first <= #firings do
  local id, most, moved = ${field('id')}, tonumber(${field('maxRuns')}), ''
  local firstSlot = first + ${FIELDS.length}
  local following = firstSlot + 2 * ${field('slotCount')}
  if redis.call('HGET', scheduleStates, id) == ${field('expected')} then
    local state = cjson.decode(${field('state')})
    for i = firstSlot, following - 2, 2 do
      if most and state.runs >= most then break end
      fireSlot(first, state, tonumber(firings[i]), firings[i + 1])
    end
    if most and state.runs >= most then state.next = nil end
    if state.next then redis.call('ZADD', slots, ${field('at')}, id)
    else
      state.finished = true
      redis.call('ZREM', slots, id)
    end
    moved = cjson.encode(state)
    redis.call('HSET', scheduleStates, id, moved)
  end
  states[#states + 1] = moved
  first = following
end
if submitted then
  ${publishSubmitted('submitted')}
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
  const firings = planned.flatMap(encodeFiring);
  const limits = { wakeHorizonMs: WAKE_HORIZON_MS, mostExpiryMs: MAX_DURATION_MS };
  return (await fireScript.run(redis, { queue }, { ...limits, firings })) as string[];
}

function encodeFiring({ id, expected, state, fireAt, skipsOverlap, maxRuns, job, slots }: Firing) {
  const fields: Readonly<Record<Field, ScriptArg>> = {
    id,
    expected,
    state,
    at: fireAt ?? '',
    skipsOverlap: skipsOverlap ? 1 : 0,
    maxRuns: maxRuns ?? '',
    lane: placeIndex(job.place),
    task: job.task,
    payload: job.payload,
    expiresIn: slots[0]?.options.x ?? '',
    isUnique: job.unique === undefined ? 0 : 1,
    tags: tagLines(slots[0]?.options.tg),
    slotCount: slots.length,
  };
  // The script itself writes the expiry of a unique job: a firing may replace a job that waits.
  const encode = ({ x, ...options }: EntryOptions) => encodeOptions(options);
  const encodedSlots = slots.flatMap(({ slot, options }) => [
    slot,
    job.unique === undefined ? encodeOptions(options) : encode(options),
  ]);
  return [...FIELDS.map((name) => fields[name]), ...encodedSlots];
}
