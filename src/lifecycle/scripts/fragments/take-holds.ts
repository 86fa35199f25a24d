import { NOTE } from '../../../redis/note-fields.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { PLACE_LETTERS } from '../../../redis/script/lua.ts';
import { HELD_SINCE } from '../keys/turns.ts';

/** Members of one read. */
const STEP = 100;

/**
 * Lua: `takeHolds(priority, limit)` takes at most `limit` held jobs of the classes in `holdClasses`: a JSON array, or '' for none.
 * There is no such function without classes, nor while a lane heals: its group delivers held jobs again, and claimed before,
 * they would run twice.
 */
export const TAKE_HOLDS = defineFragment({
  queueKeys: ['notes', 'due', 'holds'],
  args: ['holdClasses'],
  lua: `
local heals = hasSideState and queueSettings.healUntil
local mayTakeHolds = heals and holdClasses ~= '' and not (heals[1] or heals[2] or heals[3] or heals[4])
local takeHolds = mayTakeHolds and function(priority, limit)
  local last = free - limit
  local function takeHeld(member)
    local prefix, ref = string.match(member, '^(.* )(%S+)$')
    redis.call('ZREM', holds, member)
    -- A member without its note is a trace of an accident: the job is elsewhere.
    if redis.call('HGET', notes, ref .. ${NOTE.heldAs}) ~= prefix then return end
    local place = string.find('${PLACE_LETTERS}', string.sub(ref, 1, 1), 1, true)
    redis.call('ZREM', due[place], ref)
    claim(ref, tonumber(string.match(prefix, '\\n%d%d${HELD_SINCE} $')))
  end
  for _, class in ipairs(cjson.decode(holdClasses)) do
    local from, size, found = class .. '\\n' .. priority, 0, {}
    repeat
      size = math.min(free - math.max(0, last), ${STEP})
      found = size > 0 and redis.call('ZRANGE', holds, '[' .. from, '(' .. from .. '\\255', 'BYLEX', 'LIMIT', 0, size) or {}
      for _, member in ipairs(found) do
        if free < 1 then return end
        takeHeld(member)
      end
    until size < 1 or #found < size
  end
end
`,
});
