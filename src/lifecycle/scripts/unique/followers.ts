import { NOTE } from '../../../redis/note-fields.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { now } from '../../../redis/script/lua.ts';
import { setRankedTime, wakeWorkers } from '../lua.ts';

/** The class of a job that follows another one begins with this. Then comes the digest of their place. */
export const FOLLOWS = 'unique:';

const FREE = `function(first)
  local present = redis.call('HGET', changed, first) or first
  local held = redis.call('HGET', notes, present .. ${NOTE.heldAs})
  if not held or string.sub(held, 1, ${FOLLOWS.length}) ~= '${FOLLOWS}' then return end
  if redis.call('ZREM', holds, held .. present) == 0 then return end
  redis.call('HDEL', notes, present .. ${NOTE.heldAs})
  local startsAt = math.max(now, tonumber(string.match(held, '%d%d(%d+) $')))
  redis.call('ZADD', scheduled, startsAt, present)
  setRankedTime(ranked, present, startsAt)
  wakeWorkers(wake, 1)
end`;

/**
 * Lua: `freeFollower(first)`, for a job that has ended: its follower now waits only for its time, which may have come.
 * A follower that is not held for that reason stays where it is.
 */
export const FREE_FOLLOWER = defineFragment({
  queueKeys: ['changed', 'notes', 'holds', 'scheduled', 'ranked', 'wake'],
  uses: [now, setRankedTime, wakeWorkers],
  lua: `
local freeFollower = ${FREE}
`,
});

/** As `FREE_FOLLOWER`. Without notes no job has a follower, so the function is not defined. */
export const FREE_NOTED_FOLLOWER = defineFragment({
  ...FREE_FOLLOWER,
  lua: `
local freeFollower = hasSideState and ${FREE}
`,
});
