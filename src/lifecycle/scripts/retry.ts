import type { Connection } from '../../redis/connection.ts';
import { formatRef, type Ref } from '../../redis/job-id.ts';
import { placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { inSteps } from '../../redis/script/in-steps.ts';
import { now } from '../../redis/script/lua.ts';
import { WAKE_HORIZON_MS } from '../wake.ts';
import { endKeys, findKeys, IS_FAIR } from './keys/turns.ts';
import {
  deliveredAt,
  endFailedDelivery,
  publishEvent,
  type Settled,
  setRankedTime,
  wakeWorkers,
  withError,
} from './lua.ts';

/** A failed attempt, as the lease that ran it describes it. */
export interface Failure {
  ref: Ref;
  /** Fencing token of the delivery. */
  token: number;
  /** One line of JSON in the shape of `StoredError`; '' when there is nothing to add to the errors in the notes. */
  error: string;
}

/** A failed attempt that another one follows. */
export interface Retry extends Failure {
  delayMs: number;
}

/** Jobs of one call: bounds the time for which it keeps Redis busy. */
const STEP = 100;

/**
 * Ends deliveries with a failed attempt; the jobs wait to be taken again. They leave the pending list, so that pending
 * means running and nothing else. A job that somebody asked to cancel waits no longer: the next taker ends it.
 *
 * Returns per job 'done' | 'repeated' | 'stale'.
 */
export const retryScript = defineScript({
  name: 'retry',
  queueKeys: [
    'notes',
    'events',
    'totals',
    'wake',
    'settings',
    'changed',
    'stream',
    'due',
    'ranked',
    'holds',
    'turns',
    'runningKeys',
    'runsFor',
  ],
  args: [
    'consumer',
    'wakeHorizonMs',
    { records: 'jobs', of: ['place', 'id', 'ref', 'token', 'delayMs', 'line'] },
  ],
  uses: [now, deliveredAt, withError, publishEvent, setRankedTime, wakeWorkers, findKeys, endKeys],
  lua: `
local outcomes, retried, stale, dueSoon, ended = {}, {}, 0, 0, {}
local function retry(place, id, ref, token, delayMs, line)
  ${endFailedDelivery('retry')}
  local delay = noted[1] and 0 or tonumber(delayMs)
  redis.call('ZADD', due[place], now + delay, ref)
  setRankedTime(ranked, ref, now + delay)
  redis.call('HSET', notes, ref .. ${NOTE.failedDeliveries}, token, ref .. ${NOTE.lastMove}, move,
    ref .. ${NOTE.errors}, withError(noted[2], line))
  redis.call('HDEL', notes, ref .. ${NOTE.progress})
  retried[#retried + 1] = ref
  if delay < tonumber(wakeHorizonMs) then dueSoon = dueSoon + 1 end
  return 'done'
end
for i = 1, #jobs do
  outcomes[i] = retry(tonumber(jobs[i].place), jobs[i].id, jobs[i].ref, jobs[i].token, jobs[i].delayMs, jobs[i].line)
end
if stale > 0 then redis.call('HINCRBY', totals, 'staleCommits', stale) end
if #retried > 0 then redis.call('HINCRBY', totals, 'retried', #retried) end
local hasLimit, _, isKeyed = publishEvent(events, 'retrying', retried, settings, changed)
local keysEnded = findKeys(runsFor, ended, isKeyed)
local ready = endKeys(runsFor, runningKeys, holds, turns, keysEnded, ${IS_FAIR})
wakeWorkers(wake, hasLimit and #retried or dueSoon + ready)
return outcomes
`,
});

/** Ends deliveries of one queue, in bounded steps; outcomes are in their order. */
export const retryAll = (
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  retries: readonly Retry[],
): Promise<Settled[]> =>
  inSteps(retries, STEP, async (step) => {
    const jobs = step.map(({ ref, token, delayMs, error }) => ({
      place: placeIndex(ref.place),
      id: ref.entryId,
      ref: formatRef(ref),
      token,
      delayMs,
      line: error,
    }));
    const args = { consumer, wakeHorizonMs: WAKE_HORIZON_MS, jobs };
    return (await retryScript.run(redis, { queue }, args)) as Settled[];
  });

export async function retry(
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  failure: Failure,
  delayMs: number,
): Promise<Settled> {
  const [settled = 'stale'] = await retryAll(redis, queue, consumer, [{ ...failure, delayMs }]);
  return settled;
}
