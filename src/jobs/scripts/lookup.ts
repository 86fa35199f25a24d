import type { Connection } from '../../redis/connection.ts';
import { formatRef, type Ref } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript, type Script } from '../../redis/script.ts';

/** Where a job was found, and what is written there. Times are Unix ms by the clock of Redis. */
export type Found =
  /** `record` as written by `complete` or `withdraw`. */
  | { place: 'result'; record: string; expiresAt: number }
  | {
      place: 'queued' | 'scheduled' | 'running' | 'retrying' | 'failed';
      now: number;
      fields: string[];
      notes: Notes;
      /** Due time of scheduled and retrying jobs, end of failed ones. */
      at?: number;
      /** Of a running job. */
      worker?: string;
      attempt?: number;
      startedAt?: number;
    }
  /** Its entry is gone and its stream has passed it. */
  | { place: 'gone' }
  /** It never was. */
  | { place: 'none' };

export interface Notes {
  /** Since the submit, or since the job was retried by hand. */
  attempts: number;
  /** Lines of JSON, oldest first. */
  errors: string | undefined;
  progress: string | undefined;
  cancelAskedAt: number | undefined;
  worker: string | undefined;
  startedAt: number | undefined;
}

/**
 * Finds a job in whatever place it is. Leaves in `found` what the script returns.
 *
 * KEYS: stream, scheduled, due, dead, notes, result. ARGV: entry id, ref.
 * Returns { place, now, ... }: { 'result', now, record, expiry } | { 'gone' } | { 'none' } |
 *   { place, now, fields, notes a e p c w b, at, worker, attempt, started }.
 */
const LOOKUP = `
local stream, scheduled, due, dead, notes, result = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local id, ref = ARGV[1], ARGV[2]

local function isPast()
  return redis.call('EXISTS', stream) == 1 and not isAfter(id, lastId(stream))
end

local function find()
  local record = redis.call('GET', result)
  if record then return { 'result', now, record, redis.call('PEXPIRETIME', result) } end
  local entry = redis.call('XRANGE', stream, id, id)[1]
  if not entry then return { isPast() and 'gone' or 'none' } end
  local noted = redis.call('HMGET', notes,
    ref .. ':a', ref .. ':e', ref .. ':p', ref .. ':c', ref .. ':w', ref .. ':b', ref .. ':n')
  local base = tonumber(noted[7]) or 0
  for i = 1, 6 do noted[i] = noted[i] or '' end
  noted[1] = (tonumber(noted[1]) or 0) - base
  for place, set in pairs({ scheduled = scheduled, retrying = due, failed = dead }) do
    local at = redis.call('ZSCORE', set, ref)
    if at then return { place, now, entry[2], noted, tonumber(at), '', 0, 0 } end
  end
  local grouped = #redis.call('XINFO', 'GROUPS', stream) > 0
  local pending = grouped and redis.call('XPENDING', stream, 'workers', id, id, 1)[1]
  if pending then return { 'running', now, entry[2], noted, 0, pending[2], pending[4] - base, now - pending[3] } end
  return { 'queued', now, entry[2], noted, 0, '', 0, 0 }
end

local found = find()
`;

export const lookupScript = defineScript('lookup', `${LOOKUP}\nreturn found`);

/**
 * Removes a finished job and returns what was found. KEYS and ARGV as for the look-up, and totals.
 */
export const removeScript = defineScript(
  'remove',
  `${LOOKUP}
if found[1] == 'result' then
  redis.call('DEL', result)
elseif found[1] == 'failed' then
  dropLetter(stream, dead, notes, KEYS[7], ref)
end
return found
`,
);

/** Deliveries of a job that count no more, since it was retried by hand: its attempts are counted from there. */
export const deliveriesBefore = async (redis: Connection, keys: QueueKeys, ref: Ref): Promise<number> =>
  Number((await redis.hget(keys.notes, `${formatRef(ref)}:n`)) ?? 0);

/** Finds a job by its id's parts. */
export const lookup = (redis: Connection, keys: QueueKeys, ref: Ref): Promise<Found> =>
  find(lookupScript, redis, keys, ref);

/** Removes the job if it is finished ('result' or 'failed'); anything else is found and left alone. */
export const remove = (redis: Connection, keys: QueueKeys, ref: Ref): Promise<Found> =>
  find(removeScript, redis, keys, ref);

type Live = 'queued' | 'scheduled' | 'running' | 'retrying' | 'failed';
type RawResult = ['result', number, string, number];
type RawNotes = [number, string, string, string, string, string];
type RawLive = [Live, number, string[], RawNotes, number, string, number, number];
type RawFound = RawResult | ['gone'] | ['none'] | RawLive;

async function find(script: Script, redis: Connection, keys: QueueKeys, ref: Ref): Promise<Found> {
  const { place } = ref;
  const name = formatRef(ref);
  const raw = (await script.run(
    redis,
    [
      keys.stream[place],
      keys.scheduled,
      keys.due[place],
      keys.dead[place],
      keys.notes,
      keys.result(name),
      keys.totals,
    ],
    [ref.entryId, name],
  )) as RawFound;
  if (raw.length === 1) return { place: raw[0] };
  if (raw.length === 4) return { place: 'result', record: raw[2], expiresAt: raw[3] };
  const [where, now, fields, noted, at, worker, attempt, startedAt] = raw;
  return {
    place: where,
    now,
    fields,
    notes: decodeNotes(noted),
    ...(where === 'running' ? { worker, attempt, startedAt } : {}),
    ...(at > 0 ? { at } : {}),
  };
}

function decodeNotes([attempts, errors, progress, cancel, worker, started]: RawNotes): Notes {
  const number = (text: string | undefined) => (text ? Number(text) : undefined);
  return {
    attempts,
    errors: errors || undefined,
    progress: progress || undefined,
    cancelAskedAt: number(cancel),
    worker: worker || undefined,
    startedAt: number(started),
  };
}
