import type { Connection } from '../../redis/connection.ts';
import { formatRef, type Ref } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript, WAKE_HORIZON_MS } from '../../redis/script.ts';
import type { Settled } from './complete.ts';

/** A failed attempt, as written by the lease that ran it. */
export interface Failure {
  ref: Ref;
  /** Fencing token of the delivery. */
  token: number;
  /** One line of JSON in the shape of `StoredError`; '' when there is nothing to add to the errors noted. */
  error: string;
}

/**
 * Ends a delivery with a failed attempt; the job waits to be taken again. It leaves the pending list, so
 * that pending means running and nothing else. One that somebody asked to cancel waits no longer: whoever takes it
 * ends it.
 *
 * KEYS: stream, due, notes, events, totals, wake, settings.
 * ARGV: consumer, entry id, ref, token, delay ms, error line, wake horizon.
 * Returns 'done' | 'repeated' | 'stale'.
 */
export const retryScript = defineScript(
  'retry',
  `
local stream, due, notes, events, totals, wake = unpack(KEYS)
local consumer, id, ref, token, delay, line = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local move = 'retry:' .. token .. ':' .. consumer

if not owns(stream, id, consumer, token) then
  if redis.call('HGET', notes, ref .. ':l') == move then return 'repeated' end
  redis.call('HINCRBY', totals, 'staleCommits', 1)
  return 'stale'
end
redis.call('XACK', stream, 'workers', id)
if redis.call('HEXISTS', notes, ref .. ':c') == 1 then delay = 0 end
redis.call('ZADD', due, now + delay, ref)
redis.call('HSET', notes, ref .. ':a', token, ref .. ':l', move)
redis.call('HDEL', notes, ref .. ':p')
append(notes, ref, line)
redis.call('HINCRBY', totals, 'retried', 1)
announce(events, 'retrying', { ref }, KEYS[#KEYS])
if delay < tonumber(ARGV[7]) then nudge(wake, 1) end
return 'done'
`,
);

export async function retry(
  redis: Connection,
  keys: QueueKeys,
  consumer: string,
  failure: Failure,
  delayMs: number,
): Promise<Settled> {
  const { place, entryId } = failure.ref;
  return (await retryScript.run(
    redis,
    [keys.stream[place], keys.due[place], keys.notes, keys.events, keys.totals, keys.wake, keys.settings],
    [consumer, entryId, formatRef(failure.ref), failure.token, delayMs, failure.error, WAKE_HORIZON_MS],
  )) as Settled;
}
