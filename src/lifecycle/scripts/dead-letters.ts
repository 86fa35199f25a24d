import type { Connection } from '../../redis/connection.ts';
import { formatRef, parseRef, type Ref } from '../../redis/job-id.ts';
import { inOrder, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { inSteps } from '../../redis/script/in-steps.ts';
import { now } from '../../redis/script/lua.ts';
import { timeAt } from '../../redis/server-time.ts';
import { deleteDeadLetter, FIRST, publishEvent, setRankedTime, wakeWorkers } from './lua.ts';
import { HOLDER, OPEN_JOB, POINTERS } from './unique/places.ts';

/**
 * Makes dead letters due again, with fresh attempts under their old ids. The count of deliveries goes on, since it is the
 * fencing token; the note `failedBeforeRequeue` says from where attempts are counted.
 *
 * Returns per job 1 where it was dead, 0 where not, else the first ref of the job that has its place.
 */
export const requeueScript = defineScript({
  name: 'requeue',
  queueKeys: ['notes', 'events', 'wake', 'dead', 'due', 'ranked', 'settings', 'changed', 'stream', 'uniques'],
  fragments: [OPEN_JOB, POINTERS, HOLDER],
  args: [{ records: 'jobs', of: ['place', 'ref'] }],
  uses: [now, publishEvent, setRankedTime, wakeWorkers],
  lua: `
local hasPlaces = redis.call('HGET', settings, 'unique')
-- Returns the first ref of the job that has the place of a dead letter, or nil: then the dead letter has taken the place.
local function otherInPlace(index, ref)
  local id = string.sub(ref, 2)
  local entry = redis.call('XRANGE', stream[index], id, id)[1]
  local isJson, options = pcall(cjson.decode, entry and entry[2][6] or '')
  local own = isJson and type(options) == 'table' and options.uq
  if type(own) ~= 'table' or type(own.d) ~= 'string' then return nil end
  local first, pointer = redis.call('HGET', changed, '${FIRST}' .. ref) or ref, readPointer(own.d)
  local before, takenUntil = pointer and pointer.r, pointer and tonumber(pointer.t) or 0
  local holder = pointer and holderOf(pointer)
  if pointer and pointer.r ~= before then redis.call('HSET', uniques, own.d, cjson.encode(pointer)) end
  if holder or takenUntil > now and pointer.r ~= first then return pointer.r end
  redis.call('HSET', uniques, own.d, cjson.encode({ r = first, u = own.u and 's' or nil, c = own.ca and 1 or nil,
    t = takenUntil > now and takenUntil or nil }))
end

local outcomes, refs = {}, {}
for i = 1, #jobs do
  local place, ref = tonumber(jobs[i].place), jobs[i].ref
  local other = hasPlaces and redis.call('ZSCORE', dead[place], ref) and otherInPlace(place, ref)
  outcomes[i] = other or redis.call('ZREM', dead[place], ref)
  if outcomes[i] == 1 then
    redis.call('ZADD', due[place], now, ref)
    setRankedTime(ranked, ref, now)
    -- One more than was used: a delivery that found all attempts spent has used none.
    local token = (tonumber(redis.call('HGET', notes, ref .. ${NOTE.failedDeliveries})) or 0) + 1
    redis.call('HSET', notes, ref .. ${NOTE.failedDeliveries}, token, ref .. ${NOTE.failedBeforeRequeue}, token)
    redis.call('HDEL', notes, ref .. ${NOTE.lastMove}, ref .. ${NOTE.progress}, ref .. ${NOTE.cancelAskedAt}, ref .. ${NOTE.losses},
      ref .. ${NOTE.worker}, ref .. ${NOTE.startedAt})
    refs[#refs + 1] = ref
  end
end
publishEvent(events, 'requeued', refs, settings, changed)
wakeWorkers(wake, #refs)
return outcomes
`,
});

/** Removes dead letters for good. Returns 1 per job that was dead, else 0. */
export const purgeScript = defineScript({
  name: 'purge',
  queueKeys: ['notes', 'ranked', 'logs', 'totals', 'stream', 'dead'],
  args: [{ records: 'jobs', of: ['place', 'ref'] }],
  uses: [deleteDeadLetter],
  lua: `
local outcomes = {}
for i = 1, #jobs do
  local place = jobs[i].place
  outcomes[i] = deleteDeadLetter(stream[place], dead[place], notes, ranked, logs, totals, jobs[i].ref)
end
return outcomes
`,
});

/** Jobs of one call: bounds the time for which a script keeps Redis busy. A requeue may read their entries. */
const STEP = 100;
const REQUEUE_STEP = 20;

/** The oldest dead letters of each stream that are older than `ttlMs`, at most 200 of each. */
export async function expiredDeadLetters(redis: Connection, keys: QueueKeys, ttlMs: number): Promise<Ref[]> {
  const before = (await timeAt(redis, keys.settings)) - ttlMs;
  const found = await Promise.all(
    inOrder(keys.dead).map((dead) => redis.zrange(dead, '-inf', String(before), 'BYSCORE', 'LIMIT', 0, STEP)),
  );
  return found.flat().map(parseRef);
}

/** Requeues the jobs that are dead letters and whose place no other job has. Returns how many. */
export const requeueDead = async (
  redis: Connection,
  keys: QueueKeys,
  refs: readonly Ref[],
): Promise<number> => countMoved(await moveDead(requeueScript, redis, keys, refs));

/** Requeues one job. Returns whether it was a dead letter, or the first ref of the job that has its place. */
export async function requeueOne(redis: Connection, keys: QueueKeys, ref: Ref): Promise<boolean | Ref> {
  const [outcome] = await moveDead(requeueScript, redis, keys, [ref]);
  return typeof outcome === 'string' ? parseRef(outcome) : outcome === 1;
}

/** Removes those of the jobs that are dead letters; returns how many were. */
export const purgeDead = async (redis: Connection, keys: QueueKeys, refs: readonly Ref[]): Promise<number> =>
  countMoved(await moveDead(purgeScript, redis, keys, refs));

const countMoved = (outcomes: readonly (number | string)[]): number =>
  outcomes.filter((outcome) => outcome === 1).length;

const moveDead = (
  script: typeof requeueScript | typeof purgeScript,
  redis: Connection,
  queue: QueueKeys,
  refs: readonly Ref[],
): Promise<(number | string)[]> =>
  inSteps(refs, script === requeueScript ? REQUEUE_STEP : STEP, async (step) => {
    const jobs = step.map((ref) => ({ place: placeIndex(ref.place), ref: formatRef(ref) }));
    return (await script.run(redis, { queue }, { jobs })) as (number | string)[];
  });
