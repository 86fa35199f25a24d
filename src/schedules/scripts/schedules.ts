import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now } from '../../redis/script/lua.ts';

/** A schedule as it is stored: two texts of JSON. `stored.ts` says what they hold. */
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

/** Most due schedules that one call reads, and most bytes of their definitions; one alone may be larger. */
const MOST_DUE = 100;
const MOST_DUE_BYTES = 1_048_576;

/**
 * Reads schedules of a queue by their ids.
 *
 * Returns { now, id, definition, state, id, ... } of those that are there; '' for a definition or a state without the other.
 */
export const readSchedulesScript = defineScript({
  name: 'read-schedules',
  onlyReads: true,
  queueKeys: ['schedules', 'scheduleStates'],
  args: [{ list: 'ids' }],
  uses: [now],
  lua: `
local found = { now }
-- As many as the caller has named: a page at most.
for i = 1, #ids do
  local definition, state = redis.call('HGET', schedules, ids[i]), redis.call('HGET', scheduleStates, ids[i])
  if definition or state then
    found[#found + 1] = ids[i]
    found[#found + 1] = definition or ''
    found[#found + 1] = state or ''
  end
end
return found
`,
});

/**
 * Reads schedules that are to fire now, the earliest first.
 *
 * Returns { now, when the first of the others is to fire or '', id, definition, state, id, ... }.
 */
export const dueSchedulesScript = defineScript({
  name: 'due-schedules',
  queueKeys: ['schedules', 'scheduleStates', 'slots'],
  args: ['maxDue', 'maxBytes'],
  uses: [now],
  lua: `
local ids = redis.call('ZRANGE', slots, '-inf', now, 'BYSCORE', 'LIMIT', 0, maxDue)
local found, kept, byteBudget = { now, '' }, 0, tonumber(maxBytes)
for i = 1, #ids do
  local definition, state = redis.call('HGET', schedules, ids[i]), redis.call('HGET', scheduleStates, ids[i])
  if not (definition and state) then
    redis.call('ZREM', slots, ids[i])
  else
    byteBudget = byteBudget - #definition
    if byteBudget < 0 and kept > 0 then break end
    kept = kept + 1
    found[#found + 1] = ids[i]
    found[#found + 1] = definition
    found[#found + 1] = state
  end
end
local first = redis.call('ZRANGE', slots, kept, kept, 'WITHSCORES')
if first[2] then found[2] = first[2] end
return found
`,
});

/**
 * Writes one schedule, if it is as the writer has read it.
 *
 * `expected`: the state that was read, or ''. `definition`: the new one, or '' to keep it. `state`: the new one, or '' to delete
 * the schedule. `at`: when it is to fire, or '' for never. Returns 1, or 0 when the state has changed.
 */
export const writeScheduleScript = defineScript({
  name: 'write-schedule',
  queueKeys: ['schedules', 'scheduleStates', 'slots'],
  args: ['id', 'expected', 'definition', 'state', 'at'],
  lua: `
if (redis.call('HGET', scheduleStates, id) or '') ~= expected then return 0 end
if state == '' then
  redis.call('HDEL', schedules, id)
  redis.call('HDEL', scheduleStates, id)
else
  if definition ~= '' then redis.call('HSET', schedules, id, definition) end
  redis.call('HSET', scheduleStates, id, state)
end
if at == '' then redis.call('ZREM', slots, id) else redis.call('ZADD', slots, at, id) end
return 1
`,
});

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
  queue: QueueKeys,
  ids: readonly string[],
): Promise<Snapshot> {
  const [now, ...flat] = (await readSchedulesScript.run(redis, { queue }, { ids })) as [number, ...string[]];
  return { now, schedules: triples(flat) };
}

/** Those that are to fire now, at most 100; `nextAt`: when the first of the others is to fire, which may be now. */
export async function dueSchedules(
  redis: Connection,
  queue: QueueKeys,
): Promise<Snapshot & { nextAt?: number }> {
  const reply = await dueSchedulesScript.run(
    redis,
    { queue },
    { maxDue: MOST_DUE, maxBytes: MOST_DUE_BYTES },
  );
  const [now, nextAt, ...flat] = reply as [number, string, ...string[]];
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

/** False when another process has written the schedule since it was read; nothing is changed then. */
export async function writeSchedule(
  redis: Connection,
  queue: QueueKeys,
  { id, expected, definition, state, fireAt }: ScheduleWrite,
): Promise<boolean> {
  const written = await writeScheduleScript.run(
    redis,
    { queue },
    { id, expected: expected ?? '', definition: definition ?? '', state: state ?? '', at: fireAt ?? '' },
  );
  return written === 1;
}
