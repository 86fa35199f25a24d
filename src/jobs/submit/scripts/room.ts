import { heldClass, keyOf } from '../../../lifecycle/scripts/keys/turns.ts';
import { openJobs } from '../../../lifecycle/scripts/lua.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { bytesOf, toMap } from '../../../redis/script/lua.ts';

/** The most entries, and bytes of them, that it reads of those in a lane that no worker has looked at. */
const MOST_UNSORTED = 100;
const READ = 10;
const MOST_BYTES = 262_144;

/**
 * Lua: `readRoom()` reads the limits of the queue, and how many jobs it has: { `most`, `mostOfKey` (nil for no limit), `submitted` (a list
 * for the refs of stored jobs; nil if the queue has no events `submitted`), `hasUnique` (whether it ever had a unique job) }.
 *
 * `takeRoom(room, options)` counts one more job. If that is beyond a limit, it returns 'full' or 'key-full', and the limit. A key has the
 * jobs that wait for it and those that run. Of the entries of a lane that no worker has looked at, the first 100 count.
 */
export const ROOM = defineFragment({
  queueKeys: ['stream', 'dead', 'settings', 'holds', 'runningKeys'],
  uses: [openJobs, bytesOf, toMap, heldClass, keyOf],
  lua: `
local function readRoom()
  local configured, depth = redis.call('HMGET', settings, 'maxJobs', 'submitEvents', 'keyMaxJobs', 'unique'), 0
  for place = 1, configured[1] and 5 or 0 do depth = depth + openJobs(stream[place], dead[place]) end
  return { most = tonumber(configured[1]), mostOfKey = tonumber(configured[3]), depth = depth, ofKey = {},
    submitted = configured[2] and {} or nil, hasUnique = configured[4] }
end
local function readUnsorted()
  local found, bytes = {}, 0
  for place = 1, 4 do
    local after, seen, entries = '-', 0, {}
    for _, group in ipairs(redis.pcall('XINFO', 'GROUPS', stream[place])) do
      after = '(' .. toMap(group)['last-delivered-id']
    end
    repeat
      entries = redis.call('XRANGE', stream[place], after, '+', 'COUNT', ${READ})
      for _, entry in ipairs(entries) do
        local key = entry[2][5] == 'o' and keyOf(entry[2][6])
        if key then found[key] = (found[key] or 0) + 1 end
        bytes, seen, after = bytes + bytesOf(entry[2]), seen + 1, '(' .. entry[1]
      end
    until #entries < ${READ} or seen >= ${MOST_UNSORTED} or bytes >= ${MOST_BYTES}
  end
  return found
end
local function jobsOfKey(room, key)
  room.unsorted = room.unsorted or readUnsorted()
  local class, own = heldClass(key) .. '\\n', key .. '\\n'
  return (room.unsorted[key] or 0)
    + redis.call('ZLEXCOUNT', holds, '[' .. class, '(' .. class .. '\\255')
    + redis.call('ZLEXCOUNT', runningKeys, '[' .. own, '(' .. own .. '\\255')
end
local function takeRoom(room, options)
  if room.most and room.depth >= room.most then return 'full', room.most end
  local key = room.mostOfKey and keyOf(options)
  if key then
    room.ofKey[key] = room.ofKey[key] or jobsOfKey(room, key)
    if room.ofKey[key] >= room.mostOfKey then return 'key-full', room.mostOfKey end
    room.ofKey[key] = room.ofKey[key] + 1
  end
  room.depth = room.depth + 1
end
`,
});
