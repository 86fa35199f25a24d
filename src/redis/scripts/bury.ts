import type { Connection } from '../connection.ts';
import { formatRef } from '../entry.ts';
import type { QueueKeys } from '../keys.ts';
import type { Settled } from './complete.ts';
import type { Failure } from './retry.ts';
import { defineScript, PRELUDE } from './script.ts';

/**
 * Ends a delivery for good: the job is failed, its entry stays for a retry by hand.
 *
 * KEYS: stream, dead, notes, events, totals.
 * ARGV: consumer, entry id, ref, attempt, error line, or '' when all attempts were spent and noted before this delivery.
 * Returns 'done' | 'repeated' | 'stale'.
 */
export const buryScript = defineScript(
  'bury',
  `${PRELUDE}
local stream, dead, notes, events, totals = unpack(KEYS)
local consumer, id, ref, attempt, line = unpack(ARGV)

local started = owns(stream, id, consumer, attempt)
if not started then
  if redis.call('ZSCORE', dead, ref) and redis.call('HGET', notes, ref .. ':l') == consumer then return 'repeated' end
  redis.call('HINCRBY', totals, 'staleCommits', 1)
  return 'stale'
end
redis.call('XACK', stream, 'workers', id)
redis.call('ZADD', dead, now, ref)
redis.call('HSET', notes, ref .. ':l', consumer, ref .. ':w', consumer, ref .. ':b', started)
if line ~= '' then
  redis.call('HSET', notes, ref .. ':a', attempt)
  append(notes, ref, line)
end
redis.call('HINCRBY', totals, 'failed', 1)
announce(events, 'failed', { ref })
return 'done'
`,
);

export async function bury(
  redis: Connection,
  keys: QueueKeys,
  consumer: string,
  failure: Failure,
): Promise<Settled> {
  const { place, entryId } = failure.ref;
  return (await buryScript.run(
    redis,
    [keys.stream[place], keys.dead[place], keys.notes, keys.events, keys.totals],
    [consumer, entryId, formatRef(failure.ref), failure.attempt, failure.error],
  )) as Settled;
}
