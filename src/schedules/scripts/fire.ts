import { PLACE_FRAGMENTS } from '../../jobs/unique/scripts/take-place.ts';
import type { UniqueRule } from '../../jobs/unique/scripts/unique-rule.ts';
import { WAKE_HORIZON_MS } from '../../lifecycle/wake.ts';
import type { Connection } from '../../redis/connection.ts';
import { type EntryOptions, encodeOptions } from '../../redis/entry-options.ts';
import { type Place, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { defineScript, type ScriptArg } from '../../redis/script/define-script.ts';
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
  'slotCount',
] as const;
type Field = (typeof FIELDS)[number];

/** Lua: a field of the schedule whose first one is `firings[first]`. */
const field = (name: Field): string => `firings[first + ${FIELDS.indexOf(name)}]`;

/** Reasons that earlier releases do not know, and which of theirs comes closest. They do not read a state with another one. */
const LATER_REASONS = `{ ['not-unique'] = 'overlap', ['key-full'] = 'queue-full' }`;

/**
 * Submits the jobs of slots and moves their schedules on, each if its state is as it was read: a second process finds
 * another state, and submits nothing.
 *
 * A slot without a job counts as skipped: the queue or the key is full, another job has the place of a unique one, or with overlap
 * `skip` the job before has not ended. The state points to that job as `uniques` does to the job that has a place.
 *
 * Returns per schedule its state, or '' where it was not as expected.
 */
export const fireScript = defineScript({
  name: 'fire',
  queueKeys: ['scheduleStates', 'slots'],
  fragments: PLACE_FRAGMENTS,
  args: [{ list: 'firings' }],
  whenFull: 'refused',
  lua: `
local room, places = readRoom(), {}

local function submit(new)
  local place = new.rule and lookAt(places, new.rule.d)
  local kind = place and decide(new, place) or 'stored'
  if kind ~= 'stored' and kind ~= 'replaced' then return nil, 'not-unique' end
  local full = kind == 'stored' and takeRoom(room, new.options)
  if full then return nil, full == 'full' and 'queue-full' or full end
  if place then return takePlace(new, place, kind, room) end
  return storeJob(new, room)
end

local PRIORITY_NAMES = { ${PRIORITIES.map((priority) => `'${priority}'`).join(', ')} }
local LATER_REASONS = ${LATER_REASONS}

local function fireSlot(first, state, slot, options)
  local ref, reason
  if ${field('skipsOverlap')} == '1' and state.ref and openJob(state.ref) then reason = 'overlap'
  else
    local lane, rule, isDone = tonumber(${field('lane')}), ruleOf(options), false
    isDone, ref, reason = pcall(submit, { task = ${field('task')}, payload = ${field('payload')}, options = options, rule = rule,
      lane = lane, priority = lane ~= ${placeIndex(DEFAULT_PRIORITY)} and PRIORITY_NAMES[lane] or nil,
      delay = rule and rule.w, expiresIn = tonumber(${field('expiresIn')}) })
    if not isDone then ref, reason = nil, 'not-stored' end
    -- What was decided of its place did not happen.
    if not ref and rule then places[rule.d] = nil end
  end
  if ref then
    state.last, state.ref, state.runs = slot, ref, state.runs + 1
  else
    local cause = LATER_REASONS[reason] and reason
    state.skipped, state.skip = state.skipped + 1, { slot = slot, reason = LATER_REASONS[reason] or reason, cause = cause }
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
tellSubmitted(room)
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
    slotCount: slots.length,
  };
  // The script writes the expiry.
  const encodedSlots = slots.flatMap(({ slot, options: { x: _, ...options } }) => [
    slot,
    encodeOptions(options),
  ]);
  return [...FIELDS.map((name) => fields[name]), ...encodedSlots];
}
