import type { Connection } from '../../redis/connection.ts';
import { formatRef, type Ref } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script.ts';
import { MAX_DURATION_MS } from '../../schemas/values/duration.ts';

/** How long a running handler has to end after a cancel, before its job ends without it. */
export const CANCEL_PATIENCE_MS = 10_000;

export type CancelOutcome =
  /** It waited, and is gone from its place; its result says why. */
  | 'withdrawn'
  /** It runs; its worker was asked to stop. */
  | 'asked'
  | 'finished'
  | 'not-found';

/**
 * Ends a job that waits (cancelled by somebody, or expired), or asks its worker to stop it. A worker that was
 * asked so long ago that it should have ended loses the delivery.
 *
 * KEYS: stream, scheduled, due, dead, notes, result, events, totals, control, expiring, settings.
 * ARGV: entry id, ref, 'cancelled' | 'expired', result TTL ms where the job has none of its own,
 *   the longest TTL, ms that a worker has to end a cancelled job, 1 to act only on a cancel that was asked that long ago.
 * Returns 'withdrawn' | 'asked' | 'finished' | 'not-found'. An expired job that runs, or has run, is left
 * alone: it has started in time.
 */
export const cancelScript = defineScript(
  'withdraw',
  `
local stream, scheduled, due, dead, notes, result, events, totals, control, expiring = unpack(KEYS)
local id, ref, status, ttl = unpack(ARGV)
redis.call('ZREM', expiring, ref)

if redis.call('EXISTS', result) == 1 or redis.call('ZSCORE', dead, ref) then return 'finished' end
local entry = redis.call('XRANGE', stream, id, id)[1]
if not entry then return 'not-found' end

local waits = redis.call('ZSCORE', scheduled, ref) or redis.call('ZSCORE', due, ref)
local known = redis.call('HMGET', notes, ref .. ':a', ref .. ':e', ref .. ':n', ref .. ':c', ref .. ':b')
local attempts = (tonumber(known[1]) or 0) - (tonumber(known[3]) or 0)
if status == 'expired' and (known[1] or known[5]) then return 'asked' end
if ARGV[7] == '1' and (not known[4] or now - known[4] < tonumber(ARGV[6])) then return 'asked' end
local grouped = #redis.call('XINFO', 'GROUPS', stream) > 0
if not waits and grouped and #redis.call('XPENDING', stream, 'workers', id, id, 1) > 0 then
  if status == 'expired' then return 'asked' end
  if not known[4] then redis.call('HSET', notes, ref .. ':c', now) end
  if now - (known[4] or now) < tonumber(ARGV[6]) then
    redis.call('XADD', control, 'MAXLEN', '~', 1000, '*', 'cancel', ref)
    return 'asked'
  end
  redis.call('XACK', stream, 'workers', id)
  attempts = attempts + 1
end

local field = {}
for i = 1, #entry[2], 2 do field[entry[2][i]] = entry[2][i + 1] end
redis.call('ZREM', scheduled, ref)
redis.call('ZREM', due, ref)
redis.call('XDEL', stream, id)
forget(notes, ref)
local record = '{"w":"","a":' .. attempts .. ',"s":"' .. status .. '","f":' .. now
if known[2] then record = record .. ',"e":[' .. string.gsub(known[2], '\\n', ',') .. ']' end
record = record .. ',"t":' .. cjson.encode(field.t or '')
-- Anybody may XADD: options that are no JSON object would spoil the record.
local decoded, options = pcall(cjson.decode, field.o or '')
if decoded and type(options) == 'table' then
  record = record .. ',"o":' .. field.o
  local own = tonumber(options.rt)
  if own and own >= 1 and own <= tonumber(ARGV[5]) then ttl = math.floor(own) end
end
redis.call('SET', result, record .. '}', 'PXAT', now + ttl)
redis.call('HINCRBY', totals, status, 1)
announce(events, status, { ref }, KEYS[#KEYS])
return 'withdrawn'
`,
);

/**
 * Ends a waiting job as cancelled or expired, or asks the worker of a running one to cancel it. With `enforce` it does
 * nothing but end a job whose worker was asked long ago, and has not.
 */
export async function cancelOrExpire(
  redis: Connection,
  keys: QueueKeys,
  ref: Ref,
  status: 'cancelled' | 'expired',
  resultTtlMs: number,
  mode: 'ask' | 'enforce' = 'ask',
): Promise<CancelOutcome> {
  const name = formatRef(ref);
  return (await cancelScript.run(
    redis,
    [
      keys.stream[ref.place],
      keys.scheduled,
      keys.due[ref.place],
      keys.dead[ref.place],
      keys.notes,
      keys.result(name),
      keys.events,
      keys.totals,
      keys.control,
      keys.expiring,
      keys.settings,
    ],
    [ref.entryId, name, status, resultTtlMs, MAX_DURATION_MS, CANCEL_PATIENCE_MS, mode === 'enforce' ? 1 : 0],
  )) as CancelOutcome;
}
