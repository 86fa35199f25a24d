import type { Connection } from '../../redis/connection.ts';
import { inOrder, type QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script.ts';

/**
 * Makes the consumer group of every stream, from the first entry on; those that are there stay.
 *
 * A group that is made on a stream with entries has forgotten what it had handed out: entries that wait in
 * `due` or lie in `dead` look new to it. `heal:<stream>` in the settings says up to which entry, and `take`
 * looks twice until it has passed that one. Where nothing waits, lies dead or is noted, all of it is new, and so it
 * is for a queue's first worker.
 *
 * KEYS: streams x5, wake, settings, notes, due of the lanes x4, dead of the lanes x4. Returns the number of groups
 * that have to catch up.
 */
export const ensureGroupsScript = defineScript(
  'groups',
  `
local settings, healing = KEYS[7], 0
for i = 1, 6 do
  local made = redis.pcall('XGROUP', 'CREATE', KEYS[i], 'workers', '0', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then return made end
  if made.ok and i < 5 and redis.call('EXISTS', KEYS[8], KEYS[8 + i], KEYS[12 + i]) > 0 and redis.call('XLEN', KEYS[i]) > 0 then
    redis.call('HSET', settings, 'heal:' .. i, lastId(KEYS[i]))
    healing = healing + 1
  end
end
return healing
`,
);

export async function ensureGroups(redis: Connection, keys: QueueKeys): Promise<void> {
  const { stream, wake, settings, notes, due, dead } = keys;
  const places = [due, dead].flatMap((perPlace) => inOrder(perPlace).slice(0, -1));
  await ensureGroupsScript.run(redis, [...inOrder(stream), wake, settings, notes, ...places], []);
}
