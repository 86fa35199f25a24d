import { pauseNow, withoutPayload } from '../../lifecycle/scripts/lua.ts';
import type { Connection } from '../../redis/connection.ts';
import { parseRef, type Ref } from '../../redis/job-id.ts';
import { GROUP, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { type LuaHelper, letters, now } from '../../redis/script/lua.ts';

/** A job that a lease holds. */
export interface HeldJob {
  ref: Ref;
  /** Fencing token. */
  token: number;
  attempt: number;
  /** Since it was taken, ms. */
  runMs: number;
  /** How long ago somebody asked to cancel it, ms. */
  cancelAskedMs: number | undefined;
  /** As stored, but without a long payload. */
  fields: string[];
}

/** Where the next step of a heartbeat begins: behind an entry of a stream. */
export interface HeartbeatPosition {
  /** Index of the stream from 1. */
  readonly place: number;
  /** Entry id; '-' for the start. */
  readonly after: string;
}

export const HEARTBEAT_START: HeartbeatPosition = { place: 1, after: '-' };

export interface HeartbeatReply {
  /** End of the lease, Unix ms; undefined when it has ended. */
  expiresAt: number | undefined;
  paused: boolean;
  jobs: HeldJob[];
  /** Undefined when all jobs have been read. */
  next: HeartbeatPosition | undefined;
}

/** Jobs of one call, and bytes of their entries: bounds the time for which it keeps Redis busy. */
const STEP = 100;
const STEP_BYTES = 1_048_576;
/** Jobs of one call that only looks for cancels, and reads no other entries. */
const CANCELS_STEP = 500;

/**
 * Lua: `heldRow(notes, stream, letter, row)`, from a row of XPENDING: { ref, token, attempt, run ms, ms since a cancel was
 * asked or -1, fields }, and the length of the payload, bytes.
 */
export const heldRow: LuaHelper = {
  name: 'heldRow',
  uses: [now, withoutPayload],
  lua: `
local function heldRow(notes, stream, letter, row)
  local ref, entry = letter .. row[1], redis.call('XRANGE', stream, row[1], row[1])[1]
  local noted = redis.call('HMGET', notes, ref .. ${NOTE.failedBeforeRequeue}, ref .. ${NOTE.cancelAskedAt})
  local fields = entry and entry[2] or {}
  local size = #(fields[4] or '')
  return { ref, row[4], row[4] - (noted[1] or 0), row[3], noted[2] and now - noted[2] or -1, withoutPayload(fields) }, size
end
`,
};

/**
 * Renews a lease that has not ended, and lists some of the jobs that it holds: after the entry id `after` of the stream
 * `place`, '-' for its start.
 *
 * `which`: 'all' jobs, or only those 'cancelled': that somebody asked to cancel. A queue without notes has none.
 * Returns { end of the lease or 0 when it has ended, paused 0|1, place and entry id of the last job where there may be more,
 *   else 0 and '', per job { ref, token, attempt, run ms, ms since a cancel was asked or -1, fields } }.
 */
export const heartbeatScript = defineScript({
  name: 'heartbeat',
  queueKeys: ['leases', 'notes', 'settings', 'stream'],
  args: ['consumer', 'leaseMs', 'which', 'maxJobs', 'place', 'after'],
  uses: [letters, now, heldRow, pauseNow],
  lua: `
local paused = pauseNow(settings)
if not redis.call('ZSCORE', leases, consumer) then return { 0, paused, 0, '' } end
local expires, most, bytes = now + leaseMs, tonumber(maxJobs), 0
redis.call('ZADD', leases, expires, consumer)
local reply = { expires, paused, 0, '' }
if which == 'cancelled' and redis.call('EXISTS', notes) == 0 then return reply end

local function marksOf(i, rows)
  local fields = {}
  for n, row in ipairs(rows) do fields[n] = LETTERS[i] .. row[1] .. ${NOTE.cancelAskedAt} end
  return redis.call('HMGET', notes, unpack(fields))
end
local function addJobs(i, first)
  local rows = redis.call('EXISTS', stream[i]) == 1
    and redis.call('XPENDING', stream[i], '${GROUP}', first, '+', most, consumer) or {}
  local marks = which == 'cancelled' and #rows > 0 and marksOf(i, rows)
  for n, row in ipairs(rows) do
    most = most - 1
    if not marks or marks[n] then
      local job, size = heldRow(notes, stream[i], LETTERS[i], row)
      reply[#reply + 1], bytes = job, bytes + size
    end
    if most < 1 or bytes > ${STEP_BYTES} then
      reply[3], reply[4] = i, row[1]
      return
    end
  end
end
for i = tonumber(place), 5 do
  addJobs(i, i == tonumber(place) and after ~= '-' and '(' .. after or '-')
  if reply[3] > 0 then break end
end
return reply
`,
});

export type RawHeldJob = [
  ref: string,
  token: number,
  attempt: number,
  runMs: number,
  askedMs: number,
  fields: string[],
];
type RawHeartbeat = [end: number, paused: number, place: number, after: string, ...jobs: RawHeldJob[]];

/** Which of the jobs of a lease are read: those that somebody asked to cancel cost far less than all. */
export type HeartbeatScope = 'all' | 'cancelled';

/** One bounded step. */
export async function heartbeat(
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  leaseMs: number,
  which: HeartbeatScope,
  position: HeartbeatPosition = HEARTBEAT_START,
): Promise<HeartbeatReply> {
  const maxJobs = which === 'all' ? STEP : CANCELS_STEP;
  const args = { consumer, leaseMs, which, maxJobs, ...position };
  const reply = (await heartbeatScript.run(redis, { queue }, args)) as RawHeartbeat;
  const [end, paused, place, after, ...rows] = reply;
  return {
    expiresAt: end === 0 ? undefined : end,
    paused: paused === 1,
    jobs: rows.map(decodeHeldJob),
    next: place === 0 ? undefined : { place, after },
  };
}

export const decodeHeldJob = ([ref, token, attempt, runMs, askedMs, fields]: RawHeldJob): HeldJob => ({
  ref: parseRef(ref),
  token,
  attempt,
  runMs,
  cancelAskedMs: askedMs < 0 ? undefined : askedMs,
  fields,
});
