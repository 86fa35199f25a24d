import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now } from '../../redis/script/lua.ts';

/**
 * Registers or renews leases. `mode`: 'new' | 'renew'.
 *
 * Returns { now, consumers whose lease had ended }: what they took before may run elsewhere already.
 */
export const extendLeaseScript = defineScript({
  name: 'extend-lease',
  queueKeys: ['leases'],
  args: ['leaseMs', 'mode', { list: 'consumers' }],
  uses: [now],
  lua: `
-- One command in most cases, however many processes a worker has: one parent renews for all.
local scored, lost = {}, {}
for i = 1, #consumers do scored[2 * i - 1], scored[2 * i] = now + leaseMs, consumers[i] end
if mode == 'renew' and redis.call('ZADD', leases, 'XX', 'CH', unpack(scored)) == #consumers then return { now, lost } end
for i = 1, #consumers do
  if mode == 'renew' and not redis.call('ZSCORE', leases, consumers[i]) then lost[#lost + 1] = consumers[i] end
end
redis.call('ZADD', leases, unpack(scored))
return { now, lost }
`,
});

/**
 * Registers ('new') or renews leases of a queue. `lost`: names of the leases that had ended; `now`: when that was seen, Unix ms
 * of Redis.
 */
export async function extendLease(
  redis: Connection,
  queue: QueueKeys,
  mode: 'new' | 'renew',
  consumers: readonly string[],
  leaseMs: number,
): Promise<{ now: number; lost: string[] }> {
  const reply = await extendLeaseScript.run(redis, { queue }, { leaseMs, mode, consumers });
  const [now, lost] = reply as [number, string[]];
  return { now, lost };
}
