import { GROUP } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { isAfter, letters, now } from '../../../redis/script/lua.ts';
import { ownHeldPlace } from '../keys/turns.ts';

/**
 * Lua: `putBack(place, id, options)` is for a lane whose group was made again, and delivers again what it had delivered before (see
 * ensure-groups.ts). An entry that waits in `due`, lies in `dead` or has notes leaves the pending list again, and is
 * taken when it is due; so is one that was held. Returns whether the entry was put back.
 */
export const PUT_BACK = defineFragment({
  queueKeys: ['notes', 'stream', 'due', { lanes: 'dead' }, 'holds'],
  uses: [letters, now, ownHeldPlace],
  lua: `
local putBack = hasSideState and function(place, id, options)
  local ref = LETTERS[place] .. id
  local isDead = redis.call('ZSCORE', dead[place], ref)
  local noted = redis.call('HMGET', notes, ref .. ${NOTE.failedDeliveries}, ref .. ${NOTE.startedAt}, ref .. ${NOTE.cancelAskedAt},
    ref .. ${NOTE.heldAs}, ref .. ${NOTE.checkpoint})
  local heldAs = noted[4] or ownHeldPlace(place, id, options)
  local wasHeld = heldAs and redis.call('ZREM', holds, heldAs .. ref) == 1
  local isNew = not wasHeld and not noted[1] and not noted[2] and not noted[3] and not noted[5]
    and not redis.call('ZSCORE', due[place], ref)
  if isNew and not isDead then return false end
  redis.call('XACK', stream[place], '${GROUP}', id)
  if not isDead then redis.call('ZADD', due[place], 'NX', now, ref) end
  -- There is more to check, and due jobs may have been found.
  nextDue = now
  return true
end
`,
});

/** Most entries of one read, once some have shown how large they are. */
const MOST_READ = 96;

/**
 * Lua: `takeLane(place, limit)` takes at most `limit` jobs of a lane, each read bounded by `free`. It reads `firstRead` entries at
 * first, and then as many as `byteBudget` may have room for. Their size is known only when they are read: it takes at most 96
 * jobs too many.
 */
export const TAKE_LANE = defineFragment({
  queueKeys: ['settings', 'stream'],
  args: ['consumer', 'firstRead'],
  uses: [letters, isAfter],
  lua: `
local laneBudget
local function takeLane(place, limit)
  -- An empty stream is asked for its length only, a third of the cost; most jobs are in the third lane.
  local healUntil = hasSideState and queueSettings.healUntil[place]
  if free < 1 or place ~= 3 and not healUntil and redis.call('XLEN', stream[place]) == 0 then return end
  limit = math.min(limit, free)
  repeat
    local size = math.min(limit, firstRead)
    if #refs > 0 then
      local fit = math.floor(byteBudget * #refs / math.max(1, laneBudget - byteBudget))
      size = math.min(limit, math.max(1, fit), ${MOST_READ})
    end
    limit = limit - size
    local found = redis.pcall('XREADGROUP', 'GROUP', '${GROUP}', consumer, 'COUNT', size, 'STREAMS', stream[place], '>')
    if found and found.err then
      -- The group is missing. Jobs that this call has ended are announced all the same.
      flushEvents()
      error(found.err, 0)
    end
    local entries = found and found[1][2] or {}
    for _, entry in ipairs(entries) do
      if not healUntil or isAfter(entry[1], healUntil) or not putBack(place, entry[1], entry[2][6]) then
        deliver(LETTERS[place] .. entry[1], entry[2])
      end
    end
    local last = entries[#entries]
    if healUntil and (not last or last[1] == healUntil or isAfter(last[1], healUntil)) then
      redis.call('HDEL', settings, 'heal:' .. place)
    end
  until #entries < size or limit < 1 or free < 1
end
`,
});
