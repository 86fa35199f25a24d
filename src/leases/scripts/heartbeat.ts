import { withoutPayload } from '../../lifecycle/scripts/lua.ts';
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

export interface HeartbeatReply {
  /** End of the lease, Unix ms; undefined when it has ended. */
  expiresAt: number | undefined;
  paused: boolean;
  jobs: HeldJob[];
}

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
 * Renews a lease that has not ended, and lists the jobs that it holds.
 *
 * Returns { end of the lease or 0 when it has ended, paused 0|1, row of `heldRow` per job }.
 */
export const heartbeatScript = defineScript({
  name: 'heartbeat',
  queueKeys: ['leases', 'notes', 'settings', 'stream'],
  args: ['consumer', 'leaseMs', 'maxJobs'],
  uses: [letters, now, heldRow],
  lua: `
local paused = redis.call('HEXISTS', settings, 'paused')
if not redis.call('ZSCORE', leases, consumer) then return { 0, paused } end
local expires, most = now + leaseMs, tonumber(maxJobs)
redis.call('ZADD', leases, expires, consumer)
local reply = { expires, paused }
for place = 1, 5 do
  -- A lease holds as many jobs as were asked for: far fewer than the bound.
  local rows = most > 0 and redis.call('EXISTS', stream[place]) == 1
    and redis.call('XPENDING', stream[place], '${GROUP}', '-', '+', most, consumer) or {}
  most = most - #rows
  for _, row in ipairs(rows) do reply[#reply + 1] = heldRow(notes, stream[place], LETTERS[place], row) end
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
type RawHeartbeat = [end: number, paused: number, ...jobs: RawHeldJob[]];

/** @param maxJobs most jobs to list. */
export async function heartbeat(
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  leaseMs: number,
  maxJobs: number,
): Promise<HeartbeatReply> {
  const reply = await heartbeatScript.run(redis, { queue }, { consumer, leaseMs, maxJobs });
  const [end, paused, ...rows] = reply as RawHeartbeat;
  return { expiresAt: end === 0 ? undefined : end, paused: paused === 1, jobs: rows.map(decodeHeldJob) };
}

export const decodeHeldJob = ([ref, token, attempt, runMs, askedMs, fields]: RawHeldJob): HeldJob => ({
  ref: parseRef(ref),
  token,
  attempt,
  runMs,
  cancelAskedMs: askedMs < 0 ? undefined : askedMs,
  fields,
});
