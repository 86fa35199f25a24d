import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script.ts';

/** A schedule as it is stored: two texts of JSON. `schemas/stored-schedule.ts` says what they hold. */
export interface StoredSchedule {
  id: string;
  definition: string;
  state: string;
}

/** Schedules of one queue at one moment, Unix ms by the clock of Redis. */
interface Snapshot {
  now: number;
  schedules: StoredSchedule[];
}

/** Most schedules that one call reads because they are due, and most bytes of them but for a single one. */
const MOST_DUE = 100;
const MOST_DUE_BYTES = 1_048_576;

/**
 * Reads schedules of a queue.
 *
 * KEYS: schedules, schedule states. ARGV: ids.
 * Returns { now, id, definition, state, id, ... } of those that are there; '' for what is not, when only one of both is.
 */
export const readSchedulesScript = defineScript(
  'readSchedules',
  `
local found = { now }
-- As many as the caller has named: a page at most.
for i = 1, #ARGV do
  local definition, state = redis.call('HGET', KEYS[1], ARGV[i]), redis.call('HGET', KEYS[2], ARGV[i])
  if definition or state then
    found[#found + 1] = ARGV[i]
    found[#found + 1] = definition or ''
    found[#found + 1] = state or ''
  end
end
return found
`,
);

/**
 * Reads schedules that are to fire now, the earliest first.
 *
 * KEYS: schedules, schedule states, slots. ARGV: most of them, most bytes.
 * Returns { now, when the first that is left is to fire or '', id, definition, state, id, ... }.
 */
export const dueSchedulesScript = defineScript(
  'dueSchedules',
  `
local schedules, states, slots = unpack(KEYS)
local most, room = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = redis.call('ZRANGE', slots, '-inf', now, 'BYSCORE', 'LIMIT', 0, most)
local found, kept = { now, '' }, 0
-- At most so many as ARGV says.
for i = 1, #due do
  local definition, state = redis.call('HGET', schedules, due[i]), redis.call('HGET', states, due[i])
  if not (definition and state) then
    redis.call('ZREM', slots, due[i])
  else
    room = room - #definition
    if room < 0 and kept > 0 then break end
    kept = kept + 1
    found[#found + 1] = due[i]
    found[#found + 1] = definition
    found[#found + 1] = state
  end
end
local first = redis.call('ZRANGE', slots, kept, kept, 'WITHSCORES')
if first[2] then found[2] = first[2] end
return found
`,
);

/**
 * Writes one schedule, if it is as the writer has read it.
 *
 * KEYS: schedules, schedule states, slots. ARGV: id, state that was read or '', new definition or '' (it stays), new
 *   state or '' (the schedule goes), when it is to fire or '' (it does not). Returns 1, or 0 when it has changed.
 */
export const writeScheduleScript = defineScript(
  'writeSchedule',
  `
local schedules, states, slots = unpack(KEYS)
local id, expected, definition, state, at = unpack(ARGV)
if (redis.call('HGET', states, id) or '') ~= expected then return 0 end
if state == '' then
  redis.call('HDEL', schedules, id)
  redis.call('HDEL', states, id)
else
  if definition ~= '' then redis.call('HSET', schedules, id, definition) end
  redis.call('HSET', states, id, state)
end
if at == '' then redis.call('ZREM', slots, id) else redis.call('ZADD', slots, at, id) end
return 1
`,
);

function triples(flat: readonly string[]): StoredSchedule[] {
  const schedules: StoredSchedule[] = [];
  for (let i = 0; i + 2 < flat.length; i += 3) {
    const [id = '', definition = '', state = ''] = flat.slice(i, i + 3);
    schedules.push({ id, definition, state });
  }
  return schedules;
}

/** Those of the ids that are there. */
export async function readSchedules(
  redis: Connection,
  keys: QueueKeys,
  ids: readonly string[],
): Promise<Snapshot> {
  const raw = await readSchedulesScript.run(redis, [keys.schedules, keys.scheduleStates], ids);
  const [now, ...flat] = raw as [number, ...string[]];
  return { now, schedules: triples(flat) };
}

/** Those that are to fire now, at most 100; `nextAt`: when the first of the others is, which may be now. */
export async function dueSchedules(
  redis: Connection,
  keys: QueueKeys,
): Promise<Snapshot & { nextAt?: number }> {
  const raw = await dueSchedulesScript.run(
    redis,
    [keys.schedules, keys.scheduleStates, keys.slots],
    [MOST_DUE, MOST_DUE_BYTES],
  );
  const [now, nextAt, ...flat] = raw as [number, string, ...string[]];
  return { now, schedules: triples(flat), ...(nextAt === '' ? {} : { nextAt: Number(nextAt) }) };
}

/** What is to be written of a schedule; without a state it is removed. */
interface ScheduleWrite {
  id: string;
  /** The state as it was read; absent when there was none. */
  expected: string | undefined;
  definition?: string;
  state?: string;
  /** When it is to fire, Unix ms. */
  fireAt?: number | undefined;
}

/** False when somebody else has written the schedule meanwhile; nothing is changed then. */
export async function writeSchedule(
  redis: Connection,
  keys: QueueKeys,
  { id, expected, definition, state, fireAt }: ScheduleWrite,
): Promise<boolean> {
  const written = await writeScheduleScript.run(
    redis,
    [keys.schedules, keys.scheduleStates, keys.slots],
    [id, expected ?? '', definition ?? '', state ?? '', fireAt ?? ''],
  );
  return written === 1;
}
