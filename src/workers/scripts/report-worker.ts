import type { Connection } from '../../redis/connection.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now } from '../../redis/script/lua.ts';

/** Most workers that are recorded: HTTP workers choose their names. */
const MOST_WORKERS = 10_000;
/** Expired workers that one report removes. */
const MOST_EXPIRED = 100;

/**
 * Records that a worker lives, and removes others that have expired. A worker beyond `mostWorkers` is not recorded.
 *
 * `record`: '' keeps the one that is there. `drainMs`: how much longer a drain lasts from now, '' for no longer.
 * Returns 1 for a worker that is to drain, else 0.
 */
export const reportWorkerScript = defineScript({
  name: 'report-worker',
  keys: ['workers', 'records', 'draining'],
  args: ['name', 'ttlMs', 'record', 'drainMs', 'mostWorkers', 'mostExpired'],
  uses: [now],
  lua: `
local drainsUntil = tonumber(redis.call('ZSCORE', draining, name) or 0)
local isDraining = drainsUntil > now
if isDraining and drainMs ~= '' then redis.call('ZADD', draining, 'GT', now + drainMs, name) end
local lives = tonumber(redis.call('ZSCORE', workers, name) or 0) > now
local expired = redis.call('ZRANGE', workers, '-inf', now, 'BYSCORE', 'LIMIT', 0, mostExpired)
if #expired > 0 then
  redis.call('ZREM', workers, unpack(expired))
  redis.call('HDEL', records, unpack(expired))
end
if lives or redis.call('ZCARD', workers) < tonumber(mostWorkers) then
  local started, kept = string.match(lives and redis.call('HGET', records, name) or '', '^(%d+) %d+ (.*)$')
  local text = record == '' and kept or record
  if text ~= '' then
    redis.call('ZADD', workers, now + ttlMs, name)
    redis.call('HSET', records, name, string.format('%s %.0f ', started or string.format('%.0f', now), now) .. text)
  end
end
return isDraining and 1 or 0
`,
});

export interface WorkerKeys {
  readonly workers: string;
  readonly records: string;
  readonly draining: string;
}

/** Resolves to whether the worker is to drain. @param record JSON, or '' to keep the one that is there. */
export async function reportWorker(
  redis: Connection,
  keys: WorkerKeys,
  name: string,
  record: string,
  { ttlMs, drainMs }: { ttlMs: number; drainMs?: number | undefined },
): Promise<boolean> {
  const reply = await reportWorkerScript.run(redis, keys, {
    name,
    ttlMs,
    record,
    drainMs: drainMs ?? '',
    mostWorkers: MOST_WORKERS,
    mostExpired: MOST_EXPIRED,
  });
  return reply === 1;
}
