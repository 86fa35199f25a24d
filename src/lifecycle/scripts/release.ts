import type { Connection } from '../../redis/connection.ts';
import type { Ref } from '../../redis/job-id.ts';
import { GROUP, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { inSteps } from '../../redis/script/in-steps.ts';
import { letters, now } from '../../redis/script/lua.ts';
import { WAKE_HORIZON_MS } from '../wake.ts';
import { GIVE_BACK } from './fragments/give-back.ts';
import { deliveredAt, type Settled, setRankedTime, wakeWorkers } from './lua.ts';

/**
 * Releases deliveries, to be taken again after a delay; spends no attempt. A job that lies in `due` or `dead`, or is held, was
 * delivered by a group that was made again, and only leaves the pending list. A job that somebody asked to cancel waits no longer.
 *
 * `begun`: 1 when a handler has started on the job, else 0. `suspect`: 1 when it may have spoilt its process, which counts as a loss.
 * Returns 'done' | 'repeated' | 'stale' per job. Where no handler had started, a repeated release counts as stale: in both
 * cases the job is no longer the consumer's.
 */
export const releaseScript = defineScript({
  name: 'release',
  fragments: [GIVE_BACK],
  queueKeys: ['wake', 'notes', 'stream', 'due', 'ranked', 'dead', 'holds'],
  args: [
    'consumer',
    'delayMs',
    'wakeHorizonMs',
    { records: 'jobs', of: ['place', 'id', 'token', 'begun', 'suspect'] },
  ],
  uses: [letters, now, deliveredAt, setRankedTime, wakeWorkers],
  lua: `
local outcomes, released, unbegun, isUnbegun = {}, {}, 0, {}
local function putBack(i, place, ref, started, move)
  local cancelAskedAt, heldAs = stopRunning(ref)
  if heldAs and redis.call('ZSCORE', holds, heldAs .. ref) then return end
  local delay = cancelAskedAt and 0 or delayMs
  if redis.call('ZSCORE', dead[place], ref) or redis.call('ZADD', due[place], 'NX', now + delay, ref) == 0 then return end
  setRankedTime(ranked, ref, now + delay)
  redis.call('HDEL', notes, ref .. ${NOTE.progress})
  if jobs[i].suspect == '1' then redis.call('HINCRBY', notes, ref .. ${NOTE.losses}, 1) end
  if jobs[i].begun == '1' then redis.call('HSET', notes, ref .. ${NOTE.startedAt}, started, ref .. ${NOTE.lastMove}, move)
  else
    unbegun = unbegun + 1
    isUnbegun[ref] = true
  end
  released[#released + 1] = ref
end
for i = 1, #jobs do
  local place, id, token = tonumber(jobs[i].place), jobs[i].id, jobs[i].token
  local ref, move = LETTERS[place] .. id, 'release:' .. token .. ':' .. consumer
  local started = deliveredAt(stream[place], id, consumer, token)
  if started then
    redis.call('XACK', stream[place], '${GROUP}', id)
    putBack(i, place, ref, started, move)
    outcomes[i] = 'done'
  else
    outcomes[i] = redis.call('HGET', notes, ref .. ${NOTE.lastMove}) == move and 'repeated' or 'stale'
  end
end
local hasLimit, ready = giveBack(released, unbegun, isUnbegun)
if hasLimit or tonumber(delayMs) < tonumber(wakeHorizonMs) then ready = ready + #released end
wakeWorkers(wake, ready)
return outcomes
`,
});

/** A delivery that a consumer holds. */
export interface Held {
  ref: Ref;
  /** Fencing token. */
  token: number;
  /** Whether a handler has started on it. */
  begun: boolean;
  /** Whether it may have spoilt its process: after two losses a job runs alone. */
  isSuspect?: boolean;
}

/** Jobs of one call: bounds the time for which it keeps Redis busy. */
const STEP = 100;

/** In bounded steps; outcomes are in the order of the deliveries. */
export const release = (
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  held: readonly Held[],
  delayMs: number,
): Promise<Settled[]> =>
  inSteps(held, STEP, async (step) => {
    const jobs = step.map(({ ref, token, begun, isSuspect = false }) => ({
      place: placeIndex(ref.place),
      id: ref.entryId,
      token,
      begun: begun ? 1 : 0,
      suspect: isSuspect ? 1 : 0,
    }));
    const args = { consumer, delayMs, wakeHorizonMs: WAKE_HORIZON_MS, jobs };
    return (await releaseScript.run(redis, { queue }, args)) as Settled[];
  });
