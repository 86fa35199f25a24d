import type { Connection } from '../../redis/connection.ts';
import { formatRef, parseRef, type Ref } from '../../redis/job-id.ts';
import { inOrder, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { inSteps } from '../../redis/script/in-steps.ts';
import { now } from '../../redis/script/lua.ts';
import { redisTime } from '../../redis/server-time.ts';
import { deleteDeadLetter, publishEvent, setRankedTime, wakeWorkers } from './lua.ts';

/**
 * Makes dead letters due again, with fresh attempts under their old ids. The count of deliveries goes on, since it is the
 * fencing token; the note `failedBeforeRequeue` says from where attempts are counted.
 *
 * Returns 1 per job that was dead, else 0.
 */
export const requeueScript = defineScript({
  name: 'requeue',
  queueKeys: ['notes', 'events', 'wake', 'dead', 'due', 'ranked', 'settings', 'changed'],
  args: [{ records: 'jobs', of: ['place', 'ref'] }],
  uses: [now, publishEvent, setRankedTime, wakeWorkers],
  lua: `
local outcomes, refs = {}, {}
for i = 1, #jobs do
  local place, ref = tonumber(jobs[i].place), jobs[i].ref
  outcomes[i] = redis.call('ZREM', dead[place], ref)
  if outcomes[i] == 1 then
    redis.call('ZADD', due[place], now, ref)
    setRankedTime(ranked, ref, now)
    -- One more than was used: a delivery that found all attempts spent has used none.
    local token = (tonumber(redis.call('HGET', notes, ref .. ${NOTE.failedDeliveries})) or 0) + 1
    redis.call('HSET', notes, ref .. ${NOTE.failedDeliveries}, token, ref .. ${NOTE.failedBeforeRequeue}, token)
    redis.call('HDEL', notes, ref .. ${NOTE.lastMove}, ref .. ${NOTE.progress}, ref .. ${NOTE.cancelAskedAt}, ref .. ${NOTE.losses},
      ref .. ${NOTE.worker}, ref .. ${NOTE.startedAt})
    refs[#refs + 1] = ref
  end
end
publishEvent(events, 'requeued', refs, settings, changed)
wakeWorkers(wake, #refs)
return outcomes
`,
});

/** Removes dead letters for good. Returns 1 per job that was dead, else 0. */
export const purgeScript = defineScript({
  name: 'purge',
  queueKeys: ['notes', 'ranked', 'logs', 'totals', 'stream', 'dead'],
  args: [{ records: 'jobs', of: ['place', 'ref'] }],
  uses: [deleteDeadLetter],
  lua: `
local outcomes = {}
for i = 1, #jobs do
  local place = jobs[i].place
  outcomes[i] = deleteDeadLetter(stream[place], dead[place], notes, ranked, logs, totals, jobs[i].ref)
end
return outcomes
`,
});

/** Jobs of one call: bounds the time for which a script keeps Redis busy. */
const STEP = 100;

/** The oldest dead letters of each stream that are older than `ttlMs`, at most 200 of each. */
export async function expiredDeadLetters(redis: Connection, keys: QueueKeys, ttlMs: number): Promise<Ref[]> {
  const before = (await redisTime(redis)) - ttlMs;
  const found = await Promise.all(
    inOrder(keys.dead).map((dead) => redis.zrange(dead, '-inf', String(before), 'BYSCORE', 'LIMIT', 0, STEP)),
  );
  return found.flat().map(parseRef);
}

/** Requeues those of the jobs that are dead letters; returns how many were. */
export const requeueDead = (redis: Connection, keys: QueueKeys, refs: readonly Ref[]): Promise<number> =>
  moveDead(requeueScript, redis, keys, refs);

/** Removes those of the jobs that are dead letters; returns how many were. */
export const purgeDead = (redis: Connection, keys: QueueKeys, refs: readonly Ref[]): Promise<number> =>
  moveDead(purgeScript, redis, keys, refs);

async function moveDead(
  script: typeof requeueScript | typeof purgeScript,
  redis: Connection,
  queue: QueueKeys,
  refs: readonly Ref[],
): Promise<number> {
  const outcomes = await inSteps(refs, STEP, async (step) => {
    const jobs = step.map((ref) => ({ place: placeIndex(ref.place), ref: formatRef(ref) }));
    return (await script.run(redis, { queue }, { jobs })) as number[];
  });
  return outcomes.filter((outcome) => outcome === 1).length;
}
