import type { Connection } from '../../redis/connection.ts';
import { GROUP, type QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { lastId } from '../../redis/script/lua.ts';

/**
 * Makes the consumer group of every stream, from the first entry on; existing groups stay.
 *
 * A group that is made on a stream with entries does not know what an earlier group had delivered: entries that wait in
 * `due` or lie in `dead` look new to it. `heal:<stream>` in the settings says up to which entry, and `take` checks each
 * entry until it has passed that one. Where nothing is due, dead or noted, all of it is new: so for a queue's first worker.
 *
 * Returns the number of groups that have to catch up.
 */
export const ensureGroupsScript = defineScript({
  name: 'ensure-groups',
  queueKeys: ['stream', 'wake', 'settings', 'notes', { lanes: 'due' }, { lanes: 'dead' }],
  uses: [lastId],
  lua: `
local healing = 0
local function ensureGroup(key)
  local made = redis.pcall('XGROUP', 'CREATE', key, '${GROUP}', '0', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then error(made) end
  return made.ok
end
for place = 1, 5 do
  local isNew = ensureGroup(stream[place])
  if isNew and place < 5 and redis.call('EXISTS', notes, due[place], dead[place]) > 0 and redis.call('XLEN', stream[place]) > 0 then
    redis.call('HSET', settings, 'heal:' .. place, lastId(stream[place]))
    healing = healing + 1
  end
end
ensureGroup(wake)
return healing
`,
});

export async function ensureGroups(redis: Connection, queue: QueueKeys): Promise<void> {
  await ensureGroupsScript.run(redis, { queue }, {});
}
