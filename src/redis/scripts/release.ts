import type { Connection } from '../connection.ts';
import type { Ref } from '../entry.ts';
import { inOrder, placeIndex, type QueueKeys } from '../keys.ts';
import type { Settled } from './complete.ts';
import { defineScript, PRELUDE } from './script.ts';

/**
 * Hands deliveries back, to be taken again at once; spends no attempt.
 *
 * KEYS: events, wake, notes, streams x5, due x5.
 * ARGV: consumer, then per job: stream index, entry id, attempt.
 * Returns 'done' | 'stale' per job. A release that was done already counts as stale: both leave the
 * job with somebody else.
 */
export const releaseScript = defineScript(
  'release',
  `${PRELUDE}
local events, wake, notes, consumer = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
local letters = { 'c', 'h', 'n', 'l', 'p' }
local outcomes, released = {}, {}
for i = 2, #ARGV, 3 do
  local place, id, attempt = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2]
  local ref = letters[place] .. id
  if owns(KEYS[3 + place], id, consumer, attempt) then
    redis.call('XACK', KEYS[3 + place], 'workers', id)
    redis.call('ZADD', KEYS[8 + place], now, ref)
    redis.call('HDEL', notes, ref .. ':p')
    released[#released + 1] = ref
    outcomes[#outcomes + 1] = 'done'
  else
    outcomes[#outcomes + 1] = 'stale'
  end
end
announce(events, 'released', released)
nudge(wake, #released)
return outcomes
`,
);

export async function release(
  redis: Connection,
  keys: QueueKeys,
  consumer: string,
  jobs: readonly { ref: Ref; attempt: number }[],
): Promise<Settled[]> {
  const args = jobs.flatMap((job) => [placeIndex(job.ref.place), job.ref.entryId, job.attempt]);
  return (await releaseScript.run(
    redis,
    [keys.events, keys.wake, keys.notes, ...inOrder(keys.stream), ...inOrder(keys.due)],
    [consumer, ...args],
  )) as Settled[];
}
