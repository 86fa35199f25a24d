import type { Connection } from '../../../redis/connection.ts';
import { GROUP, type QueueKeys } from '../../../redis/keys.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { inChunks, type LuaHelper, now, toMap } from '../../../redis/script/lua.ts';

/** Lua: `leaseConsumers(stream, leases)`: consumers of that stream without a lease get one that has ended, so that recovery takes their jobs. */
export const leaseConsumers: LuaHelper = {
  name: 'leaseConsumers',
  uses: [now, inChunks, toMap],
  lua: `
local function leaseConsumers(stream, leases)
  local scored = {}
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, '${GROUP}')) do
    scored[#scored + 1] = now
    scored[#scored + 1] = toMap(consumer).name
  end
  inChunks(scored, function(...) redis.call('ZADD', leases, 'NX', ...) end)
end
`,
};

/**
 * Compares the entries of a queue with the jobs in its places: a job that accidents have left in none, or in two, changes one of the
 * numbers. Jobs that no worker has read yet are in their lanes. Parked ones are never read. Like a sweep, it gives consumers a lease.
 *
 * Returns { entries, jobs in places, or -1 where Redis does not know how many of a lane were read }.
 */
export const countPlacesScript = defineScript({
  name: 'count-places',
  queueKeys: ['stream', 'due', 'dead', 'scheduled', 'holds', 'leases'],
  uses: [toMap, leaseConsumers],
  lua: `
local entries, placed = 0, redis.call('ZCARD', holds)
for place = 1, 5 do
  local length = redis.call('XLEN', stream[place])
  if length > 0 then
    entries = entries + length
    placed = placed + redis.call('ZCARD', due[place]) + redis.call('ZCARD', dead[place])
    if place == 5 then placed = placed + redis.call('ZCARD', scheduled) end
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream[place])) do
      local info = toMap(group)
      if info.name == '${GROUP}' then
        if place < 5 and not info.lag then return { entries, -1 } end
        leaseConsumers(stream[place], leases)
        placed = placed + info.pending + (place < 5 and info.lag or 0)
      end
    end
  end
end
return { entries, placed }
`,
});

/** Whether each job of a queue seems to be in one place: a count with about a dozen commands, however long the queue is. */
export async function isSound(redis: Connection, queue: QueueKeys): Promise<boolean> {
  const [entries, placed] = (await countPlacesScript.run(redis, { queue }, {})) as [number, number];
  return entries === placed;
}
