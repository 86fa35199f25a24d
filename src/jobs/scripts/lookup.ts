import { QUEUE_ROOM } from '../../lifecycle/scripts/fragments/limits.ts';
import { SPLIT_REF } from '../../lifecycle/scripts/fragments/take.ts';
import { ownHeldPlace } from '../../lifecycle/scripts/keys/turns.ts';
import type { Connection } from '../../redis/connection.ts';
import { formatRef, type Ref } from '../../redis/job-id.ts';
import { GROUP, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineFragment, defineScript } from '../../redis/script/define-script.ts';
import { isAfter, lastId, now, pendingRow } from '../../redis/script/lua.ts';
import type { HeldBy } from '../../schemas/values/names.ts';

/** Where a job was found, and what is stored there. Times are Unix ms by the clock of Redis. */
export type Found =
  /** `record`: a `ResultRecord` as text. */
  | { place: 'result'; record: string; expiresAt: number }
  | {
      place: 'queued' | 'scheduled' | 'running' | 'retrying' | 'failed';
      now: number;
      fields: string[];
      notes: Notes;
      /** When a delayed or retried job may run, also once that has come; end of a failed one. */
      at?: number;
      /** Of a running job. */
      worker?: string;
      attempt?: number;
      startedAt?: number;
      /** Why a queued job is not handed out. */
      heldBy?: HeldBy;
    }
  /** Its entry is gone and its stream has passed it. */
  | { place: 'gone' }
  /** There never was such a job. */
  | { place: 'none' };

export interface Notes {
  /** Since the submit, or since the job was retried by hand. */
  attempts: number;
  /** Lines of JSON, oldest first. */
  errors: string | undefined;
  progress: string | undefined;
  checkpoint: string | undefined;
  cancelAskedAt: number | undefined;
  worker: string | undefined;
  startedAt: number | undefined;
  /** An attempt has begun, though maybe none counts since a retry by hand. Such a job no longer expires. */
  hasStarted: boolean;
}

/**
 * Lua: `found` is where a job is, in whatever place: { place, now, ... }: { 'result', now, record, expiry } | { 'gone' } |
 * { 'none' } | { place, now, fields, notes, at, worker, attempt, started,
 * held by }. `RawNotes` lists the notes.
 */
export const LOOKUP = defineFragment({
  queueKeys: ['scheduled', 'holds', 'notes', 'settings'],
  keys: ['ownStream', 'ownDue', 'ownDead', 'result'],
  args: ['id', 'ref'],
  uses: [now, isAfter, lastId, pendingRow, ownHeldPlace],
  lua: `
local function isPast()
  return redis.call('EXISTS', ownStream) == 1 and not isAfter(id, lastId(ownStream))
end

local function heldByLimit(options)
  local limits = redis.call('HMGET', settings, 'concurrency', 'rate', 'keyed')
  local place = ${SPLIT_REF}
  local heldAs = limits[3] and ownHeldPlace(place, id, options)
  if heldAs and redis.call('ZSCORE', holds, heldAs .. ref) then return 'key' end
  if not limits[1] and not limits[2] then return '' end
  local room = roomOf(limits[1], limits[2])
  return room.slots < 1 and 'concurrency' or room.starts < 1 and 'rate' or ''
end

local function find()
  local record = redis.call('GET', result)
  if record then return { 'result', now, record, redis.call('PEXPIRETIME', result) } end
  local entry = redis.call('XRANGE', ownStream, id, id)[1]
  if not entry then return { isPast() and 'gone' or 'none' } end
  local noted = redis.call('HMGET', notes, ref .. ${NOTE.failedDeliveries}, ref .. ${NOTE.errors}, ref .. ${NOTE.progress},
    ref .. ${NOTE.cancelAskedAt}, ref .. ${NOTE.worker}, ref .. ${NOTE.startedAt}, ref .. ${NOTE.failedBeforeRequeue},
    ref .. ${NOTE.checkpoint}, ref .. ${NOTE.heldAs})
  local failedBefore = tonumber(noted[7]) or 0
  local heldBy = noted[9] and redis.call('ZSCORE', holds, noted[9] .. ref) and string.match(noted[9], '^(%a+):[^\\n]')
  for i = 1, 8 do noted[i] = noted[i] or '' end
  noted[1] = (tonumber(noted[1]) or 0) - failedBefore
  for place, waiting in pairs({ scheduled = scheduled, retrying = ownDue, failed = ownDead }) do
    local at = redis.call('ZSCORE', waiting, ref)
    if at then
      -- From its time on a job waits for a worker, whether or not one has asked.
      local isQueued = place ~= 'failed' and tonumber(at) <= now
      return { isQueued and 'queued' or place, now, entry[2], noted, math.abs(at), '', 0, 0,
        heldBy or isQueued and heldByLimit(entry[2][6]) or '' }
    end
  end
  local hasGroup = #redis.call('XINFO', 'GROUPS', ownStream) > 0
  if hasGroup then
    local row, startedAt = pendingRow(ownStream, '${GROUP}', id)
    if row then return { 'running', now, entry[2], noted, 0, row[2], row[4] - failedBefore, startedAt, '' } end
  end
  return { 'queued', now, entry[2], noted, 0, '', 0, 0, heldBy or heldByLimit(entry[2][6]) }
end

local found = find()
`,
});

/** Finds a job. Returns `found`. */
export const lookupScript = defineScript({
  name: 'lookup',
  onlyReads: true,
  fragments: [QUEUE_ROOM, LOOKUP],
  lua: `
return found
`,
});

/** Finds a job by its id's parts. */
export async function lookup(redis: Connection, queue: QueueKeys, ref: Ref): Promise<Found> {
  const [keys, args] = lookupNames(queue, ref);
  return decodeFound(await lookupScript.run(redis, keys, args));
}

/** Keys and arguments of `LOOKUP`. */
export function lookupNames(queue: QueueKeys, { place, entryId }: Ref) {
  const ref = formatRef({ place, entryId });
  const [ownStream, ownDue, ownDead] = [queue.stream[place], queue.due[place], queue.dead[place]];
  return [
    { queue, ownStream, ownDue, ownDead, result: queue.result(ref) },
    { id: entryId, ref },
  ] as const;
}

type Live = 'queued' | 'scheduled' | 'running' | 'retrying' | 'failed';
type RawResult = ['result', now: number, record: string, expiresAt: number];
type RawNotes = [
  attempts: number,
  errors: string,
  progress: string,
  cancel: string,
  worker: string,
  started: string,
  failedBeforeRequeue: string,
  checkpoint: string,
];
type RawLive = [
  Live,
  now: number,
  fields: string[],
  RawNotes,
  at: number,
  worker: string,
  attempt: number,
  startedAt: number,
  heldBy: HeldBy | '',
];

export function decodeFound(reply: unknown): Found {
  const raw = reply as RawResult | ['gone'] | ['none'] | RawLive;
  if (raw.length === 1) return { place: raw[0] };
  if (raw.length === 4) return { place: 'result', record: raw[2], expiresAt: raw[3] };
  const [place, now, fields, noted, at, worker, attempt, startedAt, heldBy] = raw;
  return {
    place,
    now,
    fields,
    notes: decodeNotes(noted),
    ...(place === 'running' ? { worker, attempt, startedAt } : {}),
    ...(at > 0 ? { at } : {}),
    ...(heldBy === '' ? {} : { heldBy }),
  };
}

function decodeNotes(raw: RawNotes): Notes {
  const [attempts, errors, progress, cancel, worker, started, before, checkpoint] = raw;
  const number = (text: string | undefined) => (text ? Number(text) : undefined);
  return {
    attempts,
    errors: errors || undefined,
    progress: progress || undefined,
    checkpoint: checkpoint || undefined,
    cancelAskedAt: number(cancel),
    worker: worker || undefined,
    startedAt: number(started),
    hasStarted: attempts > 0 || started !== '' || before !== '',
  };
}
