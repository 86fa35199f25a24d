import type { Connection } from '../../redis/connection.ts';
import { formatRef, parseRef, type Ref } from '../../redis/job-id.ts';
import { inOrder, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { defineScript, type Script } from '../../redis/script.ts';
import { redisTime } from '../../redis/server-time.ts';

/**
 * Lets dead letters run again, with fresh attempts under their old ids. The count of deliveries goes on, since it
 * is the fencing token; the note `n` says from where attempts are counted.
 *
 * KEYS: notes, events, wake, dead x5, due x5, settings. ARGV: per job: stream index, ref.
 * Returns 1 per job that was dead, else 0.
 */
export const requeueScript = defineScript(
  'requeue',
  `
local notes, events, wake = unpack(KEYS)
local outcomes, refs = {}, {}
for i = 1, #ARGV, 2 do
  local place, ref = tonumber(ARGV[i]), ARGV[i + 1]
  local was = redis.call('ZREM', KEYS[3 + place], ref)
  if was == 1 then
    redis.call('ZADD', KEYS[8 + place], now, ref)
    -- One more than was used: a delivery that found all attempts spent has used none.
    local token = (tonumber(redis.call('HGET', notes, ref .. ':a')) or 0) + 1
    redis.call('HSET', notes, ref .. ':a', token, ref .. ':n', token)
    redis.call('HDEL', notes, ref .. ':l', ref .. ':p', ref .. ':c', ref .. ':k', ref .. ':w', ref .. ':b')
    refs[#refs + 1] = ref
  end
  outcomes[#outcomes + 1] = was
end
announce(events, 'requeued', refs, KEYS[#KEYS])
nudge(wake, #refs)
return outcomes
`,
);

/**
 * Removes dead letters for ever.
 *
 * KEYS: notes, totals, streams x5, dead x5. ARGV: per job: stream index, ref.
 * Returns 1 per job that was dead, else 0.
 */
export const purgeScript = defineScript(
  'purge',
  `
local notes, totals, outcomes = KEYS[1], KEYS[2], {}
for i = 1, #ARGV, 2 do
  local place = tonumber(ARGV[i])
  outcomes[#outcomes + 1] = dropLetter(KEYS[2 + place], KEYS[7 + place], notes, totals, ARGV[i + 1])
end
return outcomes
`,
);

/** At most so many dead letters, for each stream, that are older than `ttlMs`. */
export async function expiredDeadLetters(redis: Connection, keys: QueueKeys, ttlMs: number): Promise<Ref[]> {
  const before = (await redisTime(redis)) - ttlMs;
  const found = await Promise.all(
    inOrder(keys.dead).map((dead) => redis.zrange(dead, '-inf', String(before), 'BYSCORE', 'LIMIT', 0, STEP)),
  );
  return found.flat().map(parseRef);
}

/** Jobs of one call: bounds the time for which a script keeps Redis busy. */
const STEP = 200;

/** Requeues those of the jobs that are dead letters; returns how many were. */
export const requeueDead = (redis: Connection, keys: QueueKeys, refs: readonly Ref[]): Promise<number> =>
  inSteps(requeueScript, redis, refs, [
    keys.notes,
    keys.events,
    keys.wake,
    ...inOrder(keys.dead),
    ...inOrder(keys.due),
    keys.settings,
  ]);

/** Removes those of the jobs that are dead letters; returns how many were. */
export const purgeDead = (redis: Connection, keys: QueueKeys, refs: readonly Ref[]): Promise<number> =>
  inSteps(purgeScript, redis, refs, [
    keys.notes,
    keys.totals,
    ...inOrder(keys.stream),
    ...inOrder(keys.dead),
  ]);

async function inSteps(
  script: Script,
  redis: Connection,
  refs: readonly Ref[],
  keys: readonly string[],
): Promise<number> {
  let moved = 0;
  for (let start = 0; start < refs.length; start += STEP) {
    const step = refs.slice(start, start + STEP);
    const jobs = step.flatMap((ref) => [placeIndex(ref.place), formatRef(ref)]);
    const outcomes = (await script.run(redis, keys, jobs)) as number[];
    moved += outcomes.filter((outcome) => outcome === 1).length;
  }
  return moved;
}
