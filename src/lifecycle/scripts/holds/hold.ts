import type { Connection } from '../../../redis/connection.ts';
import type { Ref } from '../../../redis/job-id.ts';
import { GROUP, placeIndex, type QueueKeys } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { letters, now } from '../../../redis/script/lua.ts';
import type { Priority } from '../../../schemas/values/names.ts';
import { PRIORITIES } from '../../../schemas/values/names.ts';
import { GIVE_BACK } from '../fragments/give-back.ts';
import { deliveredAt, type Settled, setRankedTime, wakeWorkers } from '../lua.ts';

/** Most schemas that a class names: more releases of a task are never tried in turn. */
const MOST_REFUSERS = 32;

/** Jobs of one call: bounds the time for which the script keeps Redis busy. */
const STEP = 100;

/** The verb of the messages in `control` that name a class of held jobs. */
export const HELD_MESSAGE = 'held';

/**
 * Ends deliveries that the consumer cannot run: their jobs wait in `holds` for a worker that can. Spends no attempt. Schemas that
 * refused a job before stay in its class, so that no two releases hand it to and fro. The first job of a class is told to
 * all workers.
 *
 * Like a release, it leaves a job alone that lies in `due` or `dead`; a job that somebody asked to cancel becomes due, since
 * any worker can end it.
 * `order`: priority, origin and time, as `hold-class.ts` says; `expiresAt`: ms, or '' when the job can no longer expire.
 * Returns 'done' | 'stale' per job.
 */
export const holdScript = defineScript({
  name: 'hold',
  fragments: [GIVE_BACK],
  queueKeys: ['wake', 'notes', 'stream', 'due', 'ranked', 'dead', 'holds', 'control', 'expiring'],
  args: [
    'consumer',
    { records: 'jobs', of: ['place', 'id', 'token', 'reason', 'refusers', 'order', 'expiresAt'] },
  ],
  uses: [letters, now, deliveredAt, setRankedTime, wakeWorkers],
  lua: `
local function classOf(reason, refusers, heldAs)
  local before, earlier = string.match(heldAs or '', '^([^\\n]*)\\n([^\\n]*)\\n')
  local all, seen = {}, {}
  for one in string.gmatch((before == reason and earlier or '') .. ',' .. refusers, '[^,]+') do
    if not seen[one] then all[#all + 1] = one end
    seen[one] = true
  end
  table.sort(all)
  return reason .. '\\n' .. table.concat(all, ',', math.max(1, #all - ${MOST_REFUSERS - 1}))
end

local function isEmpty(class)
  return #redis.call('ZRANGE', holds, '[' .. class .. '\\n', '(' .. class .. '\\n\\255', 'BYLEX', 'LIMIT', 0, 1) == 0
end

local outcomes, refs = {}, {}
local function hold(job, ref, place)
  if redis.call('ZSCORE', dead[place], ref) or redis.call('ZSCORE', due[place], ref) then return end
  local cancelAskedAt, heldAs = stopRunning(ref)
  refs[#refs + 1] = ref
  if cancelAskedAt then
    redis.call('ZADD', due[place], now, ref)
    setRankedTime(ranked, ref, now)
    return wakeWorkers(wake, 1)
  end
  local class = classOf(jobs[job].reason, jobs[job].refusers, heldAs)
  if isEmpty(class) then redis.call('XADD', control, 'MAXLEN', '~', 1000, '*', '${HELD_MESSAGE}', class) end
  local prefix = class .. '\\n' .. jobs[job].order .. ' '
  redis.call('ZADD', holds, 0, prefix .. ref)
  redis.call('HSET', notes, ref .. ${NOTE.heldAs}, prefix)
  if jobs[job].expiresAt ~= '' then redis.call('ZADD', expiring, jobs[job].expiresAt, ref) end
end

for i = 1, #jobs do
  local place, id = tonumber(jobs[i].place), jobs[i].id
  if deliveredAt(stream[place], id, consumer, jobs[i].token) then
    redis.call('XACK', stream[place], '${GROUP}', id)
    hold(i, LETTERS[place] .. id, place)
    outcomes[i] = 'done'
  else
    outcomes[i] = 'stale'
  end
end
local hasLimit, ready = giveBack(refs, #refs)
wakeWorkers(wake, hasLimit and #refs or ready)
return outcomes
`,
});

/** A delivery that the consumer cannot run. */
export interface Unrunnable {
  ref: Ref;
  /** Fencing token. */
  token: number;
  priority: Priority;
  /** When the job became ready to run, Unix ms. */
  readyAt: number;
  /** The first line of its class. */
  reason: string;
  /** Fingerprints of the schemas that refuse the payload. */
  refusers: readonly string[];
  /** When it expires unless it starts, Unix ms; undefined when it no longer can. */
  expiresAt: number | undefined;
}

export async function hold(
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  unrunnable: readonly Unrunnable[],
): Promise<Settled[]> {
  const jobs = unrunnable.map(({ ref, token, priority, readyAt, reason, refusers, expiresAt }) => ({
    place: placeIndex(ref.place),
    id: ref.entryId,
    token,
    reason,
    refusers: refusers.join(','),
    order: `${PRIORITIES.indexOf(priority) + 1}${ref.place === 'parked' ? 0 : 1}${timeText(readyAt)}`,
    expiresAt: expiresAt ?? '',
  }));
  const settled: Settled[] = [];
  for (let start = 0; start < jobs.length; start += STEP) {
    const step = { consumer, jobs: jobs.slice(start, start + STEP) };
    settled.push(...((await holdScript.run(redis, { queue }, step)) as Settled[]));
  }
  return settled;
}

/** Of one length, so that texts compare as times. */
const timeText = (ms: number): string => String(Math.max(0, Math.trunc(ms))).padStart(13, '0');
