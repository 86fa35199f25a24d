import type { Connection } from '../../redis/connection.ts';
import { formatRef, type Ref } from '../../redis/job-id.ts';
import { GROUP, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now } from '../../redis/script/lua.ts';
import { WAKE_HORIZON_MS } from '../wake.ts';
import { appendError, deliveredAt, publishEvent, type Settled, setRankedTime, wakeWorkers } from './lua.ts';

/** A failed attempt, as the lease that ran it describes it. */
export interface Failure {
  ref: Ref;
  /** Fencing token of the delivery. */
  token: number;
  /** One line of JSON in the shape of `StoredError`; '' when there is nothing to add to the errors in the notes. */
  error: string;
}

/**
 * Ends a delivery with a failed attempt; the job waits to be taken again. It leaves the pending list, so that pending
 * means running and nothing else. A job that somebody asked to cancel waits no longer: the next taker ends it.
 *
 * Returns 'done' | 'repeated' | 'stale'.
 */
export const retryScript = defineScript({
  name: 'retry',
  queueKeys: ['notes', 'events', 'totals', 'wake', 'ranked', 'settings'],
  keys: ['stream', 'due'],
  args: ['consumer', 'id', 'ref', 'token', 'delayMs', 'line', 'wakeHorizonMs'],
  uses: [now, deliveredAt, appendError, publishEvent, setRankedTime, wakeWorkers],
  lua: `
local move = 'retry:' .. token .. ':' .. consumer
if not deliveredAt(stream, id, consumer, token) then
  if redis.call('HGET', notes, ref .. ${NOTE.lastMove}) == move then return 'repeated' end
  redis.call('HINCRBY', totals, 'staleCommits', 1)
  return 'stale'
end
redis.call('XACK', stream, '${GROUP}', id)
local delay = redis.call('HEXISTS', notes, ref .. ${NOTE.cancelAskedAt}) == 1 and 0 or tonumber(delayMs)
redis.call('ZADD', due, now + delay, ref)
setRankedTime(ranked, ref, now + delay)
redis.call('HSET', notes, ref .. ${NOTE.failedDeliveries}, token, ref .. ${NOTE.lastMove}, move)
redis.call('HDEL', notes, ref .. ${NOTE.progress})
appendError(notes, ref, line)
redis.call('HINCRBY', totals, 'retried', 1)
publishEvent(events, 'retrying', { ref }, settings)
if delay < tonumber(wakeHorizonMs) then wakeWorkers(wake, 1) end
return 'done'
`,
});

export async function retry(
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  { ref, token, error }: Failure,
  delayMs: number,
): Promise<Settled> {
  return (await retryScript.run(
    redis,
    { queue, stream: queue.stream[ref.place], due: queue.due[ref.place] },
    {
      consumer,
      id: ref.entryId,
      ref: formatRef(ref),
      token,
      delayMs,
      line: error,
      wakeHorizonMs: WAKE_HORIZON_MS,
    },
  )) as Settled;
}
