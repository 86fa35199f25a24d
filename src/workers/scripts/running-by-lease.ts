import type { Connection } from '../../redis/connection.ts';
import { GROUP, type QueueKeys } from '../../redis/keys.ts';
import { toPairs } from '../../redis/pairs.ts';
import { defineScript } from '../../redis/script/define-script.ts';

/** Counts the jobs that each lease of a queue runs. Returns names and counts, one after the other. */
export const runningByLeaseScript = defineScript({
  name: 'running-by-lease',
  onlyReads: true,
  queueKeys: ['stream'],
  lua: `
local counts = {}
for place = 1, 5 do
  local pending = redis.call('EXISTS', stream[place]) == 1 and redis.pcall('XPENDING', stream[place], '${GROUP}') or {}
  for _, one in ipairs(not pending.err and pending[4] or {}) do
    counts[#counts + 1], counts[#counts + 2] = one[1], one[2]
  end
end
return counts
`,
});

/** Leases and the jobs that they run; a lease may come more than once. */
export async function runningByLease(redis: Connection, queue: QueueKeys): Promise<[string, number][]> {
  const reply = (await runningByLeaseScript.run(redis, { queue }, {})) as string[];
  return toPairs(reply).map(([lease, jobs]) => [lease, Number(jobs)]);
}
