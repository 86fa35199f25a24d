import { heldClass, keyOf } from '../../../lifecycle/scripts/keys/turns.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { bytesOf, toMap } from '../../../redis/script/lua.ts';

/** The most entries, and bytes of them, that it reads of those in a lane that no worker has looked at. */
const MOST_UNSORTED = 100;
const READ = 10;
const MOST_BYTES = 262_144;

/**
 * Lua: `firstFull(mostOfKey)` returns the index of the first job whose key would have more jobs than `mostOfKey` of its queue allows,
 * or nil. A key has the jobs that wait for it and those that run. Of the entries of a lane that no worker has looked at, the first 100 count.
 */
export const KEY_DEPTH = defineFragment({
  keys: [{ queues: 'queues', of: ['stream', 'holds', 'runningKeys'] }],
  args: [{ records: 'jobs', of: ['queue', 'options'] }],
  uses: [bytesOf, toMap, heldClass, keyOf],
  lua: `
local function unsortedOf(queue)
  local found, bytes = {}, 0
  for place = 1, 4 do
    local after, seen, entries = '-', 0, {}
    for _, group in ipairs(redis.pcall('XINFO', 'GROUPS', queues[queue].stream[place])) do
      after = '(' .. toMap(group)['last-delivered-id']
    end
    repeat
      entries = redis.call('XRANGE', queues[queue].stream[place], after, '+', 'COUNT', ${READ})
      for _, entry in ipairs(entries) do
        local key = entry[2][5] == 'o' and keyOf(entry[2][6])
        if key then found[key] = (found[key] or 0) + 1 end
        bytes, seen, after = bytes + bytesOf(entry[2]), seen + 1, '(' .. entry[1]
      end
    until #entries < ${READ} or seen >= ${MOST_UNSORTED} or bytes >= ${MOST_BYTES}
  end
  return found
end
local function firstFull(mostOfKey)
  local unsorted, counted = {}, {}
  for i = 1, #jobs do
    local queue = jobs[i].queue
    local key = mostOfKey[queue] and keyOf(jobs[i].options)
    if key then
      local name = queue .. '\\n' .. key
      unsorted[queue] = unsorted[queue] or unsortedOf(queue)
      if not counted[name] then
        local class, own = heldClass(key) .. '\\n', key .. '\\n'
        counted[name] = (unsorted[queue][key] or 0)
          + redis.call('ZLEXCOUNT', queues[queue].holds, '[' .. class, '(' .. class .. '\\255')
          + redis.call('ZLEXCOUNT', queues[queue].runningKeys, '[' .. own, '(' .. own .. '\\255')
      end
      counted[name] = counted[name] + 1
      if counted[name] > mostOfKey[queue] then return i end
    end
  end
end
`,
});
