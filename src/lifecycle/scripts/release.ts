import type { Connection } from '../../redis/connection.ts';
import type { Ref } from '../../redis/job-id.ts';
import { GROUP, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { letters, now } from '../../redis/script/lua.ts';
import { WAKE_HORIZON_MS } from '../wake.ts';
import { deliveredAt, publishEvent, type Settled, setRankedTime, wakeWorkers } from './lua.ts';

/**
 * Releases deliveries, to be taken again after a delay; spends no attempt. A job that lies in `due` or `dead` was delivered by a
 * group that was made again, and only leaves the pending list. A job that somebody asked to cancel waits no longer.
 *
 * `begun`: 1 when a handler has started on the job, else 0.
 * Returns 'done' | 'repeated' | 'stale' per job. Where no handler had started, a repeated release counts as stale: in both
 * cases the job is no longer the consumer's.
 */
export const releaseScript = defineScript({
  name: 'release',
  queueKeys: ['events', 'wake', 'notes', 'stream', 'due', 'ranked', 'dead', 'settings'],
  args: ['consumer', 'delayMs', 'wakeHorizonMs', { records: 'jobs', of: ['place', 'id', 'token', 'begun'] }],
  uses: [letters, now, deliveredAt, publishEvent, setRankedTime, wakeWorkers],
  lua: `
local outcomes, released = {}, {}
local function putBack(place, ref, started, hasBegun, move)
  local delay = redis.call('HEXISTS', notes, ref .. ${NOTE.cancelAskedAt}) == 1 and 0 or delayMs
  if redis.call('ZSCORE', dead[place], ref) or redis.call('ZADD', due[place], 'NX', now + delay, ref) == 0 then return end
  setRankedTime(ranked, ref, now + delay)
  redis.call('HDEL', notes, ref .. ${NOTE.progress})
  if hasBegun then redis.call('HSET', notes, ref .. ${NOTE.startedAt}, started, ref .. ${NOTE.lastMove}, move) end
  released[#released + 1] = ref
end
for i = 1, #jobs do
  local place, id, token = tonumber(jobs[i].place), jobs[i].id, jobs[i].token
  local ref, move = LETTERS[place] .. id, 'release:' .. token .. ':' .. consumer
  local started = deliveredAt(stream[place], id, consumer, token)
  if started then
    redis.call('XACK', stream[place], '${GROUP}', id)
    putBack(place, ref, started, jobs[i].begun == '1', move)
    outcomes[i] = 'done'
  else
    outcomes[i] = redis.call('HGET', notes, ref .. ${NOTE.lastMove}) == move and 'repeated' or 'stale'
  end
end
publishEvent(events, 'released', released, settings)
if tonumber(delayMs) < tonumber(wakeHorizonMs) then wakeWorkers(wake, #released) end
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
}

export async function release(
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  held: readonly Held[],
  delayMs: number,
): Promise<Settled[]> {
  const jobs = held.map(({ ref, token, begun }) => ({
    place: placeIndex(ref.place),
    id: ref.entryId,
    token,
    begun: begun ? 1 : 0,
  }));
  return (await releaseScript.run(
    redis,
    { queue },
    { consumer, delayMs, wakeHorizonMs: WAKE_HORIZON_MS, jobs },
  )) as Settled[];
}
