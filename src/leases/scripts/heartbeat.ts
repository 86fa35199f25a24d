import type { Connection } from '../../redis/connection.ts';
import { parseRef, type Ref } from '../../redis/job-id.ts';
import { inOrder, type QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script.ts';

/** A job that a lease holds. */
export interface HeldJob {
  ref: Ref;
  /** Fencing token. */
  token: number;
  attempt: number;
  /** Since it was handed out, ms. */
  runMs: number;
  /** Somebody asked to cancel it so many ms ago. */
  cancelAskedMs: number | undefined;
  /** As stored, but for the payload, which may be long. */
  fields: string[];
}

export interface HeartbeatReply {
  /** End of the lease, Unix ms; undefined when it has ended. */
  expiresAt: number | undefined;
  paused: boolean;
  jobs: HeldJob[];
}

/**
 * Renews a lease that has not ended, and tells what it holds.
 *
 * KEYS: leases, notes, settings, streams x5. ARGV: consumer, lease ms, most jobs to tell of.
 * Returns { end of the lease or 0 when it has ended, paused 0|1, per job { ref, token, attempt, run ms,
 *   ms since a cancel was asked or -1, fields } }.
 */
export const heartbeatScript = defineScript(
  'beat',
  `
local leases, notes, settings, consumer, most = KEYS[1], KEYS[2], KEYS[3], ARGV[1], tonumber(ARGV[3])
local paused = redis.call('HEXISTS', settings, 'paused')
if not redis.call('ZSCORE', leases, consumer) then return { 0, paused } end
local expires = now + ARGV[2]
redis.call('ZADD', leases, expires, consumer)
local reply = { expires, paused }
for place = 1, 5 do
  local stream = KEYS[3 + place]
  -- A lease holds as many jobs as were asked for: far fewer than the bound.
  local rows = most > 0 and redis.call('EXISTS', stream) == 1 and redis.call('XPENDING', stream, 'workers', '-', '+', most, consumer) or {}
  most = most - #rows
  for _, row in ipairs(rows) do
    local ref, entry = LETTERS[place] .. row[1], redis.call('XRANGE', stream, row[1], row[1])[1]
    local noted = redis.call('HMGET', notes, ref .. ':n', ref .. ':c')
    reply[#reply + 1] = { ref, row[4], row[4] - (noted[1] or 0), row[3], noted[2] and now - noted[2] or -1, entry and withoutPayload(entry[2]) or {} }
  end
end
return reply
`,
);

export async function heartbeat(
  redis: Connection,
  keys: QueueKeys,
  consumer: string,
  leaseMs: number,
  most: number,
): Promise<HeartbeatReply> {
  const reply = (await heartbeatScript.run(
    redis,
    [keys.leases, keys.notes, keys.settings, ...inOrder(keys.stream)],
    [consumer, leaseMs, most],
  )) as [number, number, ...[string, number, number, number, number, string[]][]];
  const [end, paused, ...rows] = reply;
  const jobs = rows.map(([ref, token, attempt, runMs, askedMs, fields]) => ({
    ref: parseRef(ref),
    token,
    attempt,
    runMs,
    cancelAskedMs: askedMs < 0 ? undefined : askedMs,
    fields,
  }));
  return { expiresAt: end === 0 ? undefined : end, paused: paused === 1, jobs };
}
