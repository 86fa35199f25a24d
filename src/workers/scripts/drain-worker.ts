import type { Connection } from '../../redis/connection.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now } from '../../redis/script/lua.ts';
import type { WorkerKeys } from './report-worker.ts';

/**
 * Asks a live worker to drain, for at least `drainMs` and as long as its record lasts. Returns 1, or 0 for a worker that has
 * expired.
 */
export const drainWorkerScript = defineScript({
  name: 'drain-worker',
  keys: ['workers', 'draining'],
  args: ['name', 'drainMs'],
  uses: [now],
  lua: `
local expires = tonumber(redis.call('ZSCORE', workers, name) or 0)
if expires <= now then return 0 end
redis.call('ZREMRANGEBYSCORE', draining, '-inf', now)
redis.call('ZADD', draining, math.max(expires, now + drainMs), name)
return 1
`,
});

/** False for a worker that is not there. */
export async function drainWorker(
  redis: Connection,
  { workers, draining }: WorkerKeys,
  name: string,
  drainMs: number,
): Promise<boolean> {
  return (await drainWorkerScript.run(redis, { workers, draining }, { name, drainMs })) === 1;
}
