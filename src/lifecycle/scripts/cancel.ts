import type { Connection } from '../../redis/connection.ts';
import { formatRef, type Ref } from '../../redis/job-id.ts';
import { GROUP, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now, toMap } from '../../redis/script/lua.ts';
import { resultHead } from '../../redis/script/result-head.ts';
import { MAX_DURATION_MS } from '../../schemas/values/duration.ts';
import { deleteNotes, publishEvent } from './lua.ts';

/** How long a running handler has to end after a cancel, before its job ends without it. */
export const CANCEL_PATIENCE_MS = 10_000;

export type CancelOutcome =
  /** It waited, and has left its place; its result says why. */
  | 'withdrawn'
  /** It runs; its worker was asked to stop. */
  | 'asked'
  | 'finished'
  | 'not-found';

/**
 * Ends a job that waits (cancelled by somebody, or expired), or asks its worker to stop it. A worker that was asked more than
 * `patienceMs` ago loses the delivery.
 *
 * `status`: 'cancelled' | 'expired'. `ttlMs`: how long the result is kept where the job does not say so, for at most `maxTtlMs`.
 * `isEnforced`: 1 to act only on a cancel that was asked that long ago, else 0.
 * Returns 'withdrawn' | 'asked' | 'finished' | 'not-found'. An expired job that runs, or has run, is left alone: it has
 * started in time.
 */
export const cancelScript = defineScript({
  name: 'cancel',
  queueKeys: [
    'scheduled',
    'holds',
    'ranked',
    'logs',
    'notes',
    'events',
    'totals',
    'control',
    'expiring',
    'settings',
  ],
  keys: ['stream', 'due', 'dead', 'result'],
  args: ['id', 'ref', 'status', 'ttlMs', 'maxTtlMs', 'patienceMs', 'isEnforced'],
  uses: [now, toMap, deleteNotes, publishEvent],
  lua: `
redis.call('ZREM', expiring, ref)

if redis.call('EXISTS', result) == 1 or redis.call('ZSCORE', dead, ref) then return 'finished' end
local entry = redis.call('XRANGE', stream, id, id)[1]
if not entry then return 'not-found' end

local isWaiting = redis.call('ZSCORE', scheduled, ref) or redis.call('ZSCORE', due, ref)
local failed, errors, failedBefore, cancelAskedAt, startedAt, heldAs = unpack(redis.call('HMGET', notes,
  ref .. ${NOTE.failedDeliveries}, ref .. ${NOTE.errors}, ref .. ${NOTE.failedBeforeRequeue}, ref .. ${NOTE.cancelAskedAt},
  ref .. ${NOTE.startedAt}, ref .. ${NOTE.heldAs}), 1, 6)
local attempts = (tonumber(failed) or 0) - (tonumber(failedBefore) or 0)
if status == 'expired' and (failed or startedAt) then return 'asked' end
if isEnforced == '1' and (not cancelAskedAt or now - cancelAskedAt < tonumber(patienceMs)) then return 'asked' end
local hasGroup = #redis.call('XINFO', 'GROUPS', stream) > 0
if not isWaiting and hasGroup and #redis.call('XPENDING', stream, '${GROUP}', id, id, 1) > 0 then
  if status == 'expired' then return 'asked' end
  if not cancelAskedAt then redis.call('HSET', notes, ref .. ${NOTE.cancelAskedAt}, now) end
  if now - (cancelAskedAt or now) < tonumber(patienceMs) then
    redis.call('XADD', control, 'MAXLEN', '~', 1000, '*', 'cancel', ref)
    return 'asked'
  end
  redis.call('XACK', stream, '${GROUP}', id)
  attempts = attempts + 1
end

redis.call('ZREM', scheduled, ref)
redis.call('ZREM', due, ref)
if heldAs then redis.call('ZREM', holds, heldAs .. ref) end
redis.call('XDEL', stream, id)
deleteNotes(notes, ranked, ref)
local fields, keptMs, payload = toMap(entry[2]), ttlMs, ''
local record = ${resultHead({ lease: `''`, attempts: 'attempts', status: 'status', finishedAt: 'now', errors: 'errors' })}
record = record .. ',"t":' .. cjson.encode(fields.t or '')
-- Anybody may XADD: options that are no JSON object would spoil the record.
local isJson, options = pcall(cjson.decode, fields.o or '')
if isJson and type(options) == 'table' then
  record = record .. ',"o":' .. fields.o
  local own = tonumber(options.rt)
  if own and own >= 1 and own <= tonumber(maxTtlMs) then keptMs = math.floor(own) end
  -- The last member, and not checked: to parse a long payload here would hold up Redis.
  if options.k == true and fields.p then payload = ',"p":' .. fields.p end
end
redis.call('SET', result, record .. payload .. '}', 'PXAT', now + keptMs)
redis.call('PEXPIREAT', logs .. ref, now + keptMs)
redis.call('HINCRBY', totals, status, 1)
publishEvent(events, status, { ref }, settings)
return 'withdrawn'
`,
});

/**
 * Ends a waiting job as cancelled or expired, or asks the worker of a running one to cancel it. `enforce` only ends a job
 * whose worker was asked long ago and has not ended it.
 */
export async function cancelOrExpire(
  redis: Connection,
  queue: QueueKeys,
  ref: Ref,
  status: 'cancelled' | 'expired',
  resultTtlMs: number,
  mode: 'ask' | 'enforce' = 'ask',
): Promise<CancelOutcome> {
  const { place, entryId } = ref;
  const name = formatRef(ref);
  return (await cancelScript.run(
    redis,
    {
      queue,
      stream: queue.stream[place],
      due: queue.due[place],
      dead: queue.dead[place],
      result: queue.result(name),
    },
    {
      id: entryId,
      ref: name,
      status,
      ttlMs: resultTtlMs,
      maxTtlMs: MAX_DURATION_MS,
      patienceMs: CANCEL_PATIENCE_MS,
      isEnforced: mode === 'enforce' ? 1 : 0,
    },
  )) as CancelOutcome;
}
