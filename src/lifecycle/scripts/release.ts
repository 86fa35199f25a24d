import type { Connection } from '../../redis/connection.ts';
import type { Ref } from '../../redis/job-id.ts';
import { inOrder, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { defineScript, WAKE_HORIZON_MS } from '../../redis/script.ts';
import type { Settled } from './complete.ts';

/**
 * Hands deliveries back, to be taken again after a delay; spends no attempt. One that lies in `due` or `dead` was handed
 * out by a group that had forgotten so, and only leaves the pending list. One that somebody asked to cancel waits no
 * longer.
 *
 * KEYS: events, wake, notes, streams x5, due x5, dead x5, settings.
 * ARGV: consumer, delay ms, wake horizon, then per job: stream index, entry id, token, 1 when a handler has begun on it, else 0.
 * Returns 'done' | 'repeated' | 'stale' per job. Of a job on which no handler had begun a repeated release counts as stale:
 * both leave the job with somebody else.
 */
export const releaseScript = defineScript(
  'release',
  `
local events, wake, notes, consumer = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
local outcomes, released = {}, {}
for i = 4, #ARGV, 4 do
  local place, id, token = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2]
  local ref, move = LETTERS[place] .. id, 'release:' .. token .. ':' .. consumer
  local started = owns(KEYS[3 + place], id, consumer, token)
  if started then
    redis.call('XACK', KEYS[3 + place], 'workers', id)
    local delay = redis.call('HEXISTS', notes, ref .. ':c') == 1 and 0 or ARGV[2]
    if not redis.call('ZSCORE', KEYS[13 + place], ref) and redis.call('ZADD', KEYS[8 + place], 'NX', now + delay, ref) == 1 then
      redis.call('HDEL', notes, ref .. ':p')
      if ARGV[i + 3] == '1' then redis.call('HSET', notes, ref .. ':b', started, ref .. ':l', move) end
      released[#released + 1] = ref
    end
    outcomes[#outcomes + 1] = 'done'
  else
    outcomes[#outcomes + 1] = redis.call('HGET', notes, ref .. ':l') == move and 'repeated' or 'stale'
  end
end
announce(events, 'released', released, KEYS[#KEYS])
if tonumber(ARGV[2]) < tonumber(ARGV[3]) then nudge(wake, #released) end
return outcomes
`,
);

/** A delivery in the hands of a consumer. */
export interface Held {
  ref: Ref;
  /** Fencing token. */
  token: number;
  /** Whether a handler has begun on it. */
  begun: boolean;
}

export async function release(
  redis: Connection,
  keys: QueueKeys,
  consumer: string,
  jobs: readonly Held[],
  delayMs: number,
): Promise<Settled[]> {
  const args = jobs.flatMap((job) => [
    placeIndex(job.ref.place),
    job.ref.entryId,
    job.token,
    job.begun ? 1 : 0,
  ]);
  return (await releaseScript.run(
    redis,
    [
      keys.events,
      keys.wake,
      keys.notes,
      ...inOrder(keys.stream),
      ...inOrder(keys.due),
      ...inOrder(keys.dead),
      keys.settings,
    ],
    [consumer, delayMs, WAKE_HORIZON_MS, ...args],
  )) as Settled[];
}
