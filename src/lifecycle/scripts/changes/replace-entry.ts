import { letterOf } from '../../../redis/job-id.ts';
import { placeIndex } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { lastId, now } from '../../../redis/script/lua.ts';
import { DEFAULT_PRIORITY } from '../../../schemas/job.ts';
import { ownHeldPlace } from '../keys/turns.ts';
import { deleteTraces, FIRST, publishEvent, RANK_SPAN, wakeWorkers } from '../lua.ts';
import { FOLLOWS } from '../unique/followers.ts';

/**
 * Lua: `parkEntry(fresh)` adds an entry to `parked`. The job waits in `scheduled`, or in `holds` if it follows another one.
 * Returns its ref. `fresh`: `task`, `payload`, `options` (JSON with at least one member, without `x`), `at` (when the job may start),
 * `rank` (index of its priority; nil for normal), `expiresAt` (nil for never), `follows` (the first line of its class; nil: it does not).
 */
export const PARK_ENTRY = defineFragment({
  queueKeys: ['scheduled', 'ranked', 'holds', 'notes', 'expiring', 'wake', 'stream'],
  args: ['wakeHorizonMs', 'mostExpiryMs'],
  uses: [now, lastId, wakeWorkers],
  lua: `
local function waitOrHold(present, fresh)
  local rankedTime = fresh.at
  if fresh.follows then
    rankedTime = ${RANK_SPAN - 1}
    local order = (fresh.rank or ${placeIndex(DEFAULT_PRIORITY)}) .. '0' .. string.format('%013.0f', fresh.at)
    local held = fresh.follows .. '\\n\\n' .. order .. ' '
    redis.call('ZADD', holds, 0, held .. present)
    redis.call('HSET', notes, present .. ${NOTE.heldAs}, held)
  else
    redis.call('ZADD', scheduled, fresh.at, present)
    if fresh.at - now < tonumber(wakeHorizonMs) then wakeWorkers(wake, 1) end
  end
  if fresh.rank then redis.call('ZADD', ranked, fresh.rank * ${RANK_SPAN} + rankedTime, present) end
end
local function parkEntry(fresh)
  -- The id of the entry begins with this time, so that the expiry can count from it.
  local created, text, lifeMs = now, fresh.options, nil
  if redis.call('EXISTS', stream[5]) == 1 then
    created = math.max(now, tonumber(string.match(lastId(stream[5]), '^%d+')))
  end
  if fresh.expiresAt then
    lifeMs = math.max(0, math.min(tonumber(mostExpiryMs), fresh.expiresAt - created))
    text = '{"x":' .. lifeMs .. ',' .. string.sub(text, 2)
  end
  local entryId = redis.call('XADD', stream[5], created .. '-*', 't', fresh.task, 'p', fresh.payload, 'o', text)
  local present = '${letterOf('parked')}' .. entryId
  waitOrHold(present, fresh)
  if lifeMs then redis.call('ZADD', expiring, created + lifeMs, present) end
  return present
end
`,
});

/**
 * Lua: `replaceEntry(old, fresh)` gives a job that nobody runs a new entry in `parked`, where no blocking read delivers it. The job
 * keeps its id, which names its first entry; `fresh.options` names that entry, too. A follower stays one. Returns the ref of the
 * new entry. `old`: `first`, `ref`, `place`, `id`, `options`.
 */
export const REPLACE_ENTRY = defineFragment({
  queueKeys: [
    'scheduled',
    'ranked',
    'holds',
    'notes',
    'expiring',
    'events',
    'totals',
    'settings',
    'changed',
    'logs',
    'stream',
    'due',
  ],
  uses: [deleteTraces, publishEvent, ownHeldPlace],
  lua: `
local function replaceEntry(old, fresh)
  local held, follower = unpack(redis.call('HMGET', notes, old.ref .. ${NOTE.heldAs}, old.ref .. ${NOTE.follower}), 1, 2)
  redis.call('ZREM', scheduled, old.ref)
  redis.call('ZREM', due[old.place], old.ref)
  redis.call('ZREM', expiring, old.ref)
  local keyHeld = ownHeldPlace(old.place, old.id, old.options)
  if keyHeld then redis.call('ZREM', holds, keyHeld .. old.ref) end
  if held and redis.call('ZREM', holds, held .. old.ref) == 1 then fresh.follows = string.match(held, '^${FOLLOWS}[^\\n]*') end
  redis.call('XDEL', stream[old.place], old.id)
  deleteTraces(notes, ranked, logs, old.ref)
  local present = parkEntry(fresh)
  if follower then redis.call('HSET', notes, present .. ${NOTE.follower}, follower) end
  -- The queue may have been removed and made again.
  redis.call('PERSIST', changed)
  redis.call('HDEL', changed, '${FIRST}' .. old.ref)
  redis.call('HSET', changed, old.first, present, '${FIRST}' .. present, old.first)
  redis.call('HSET', settings, 'changed', 1)
  redis.call('HINCRBY', totals, 'changed', 1)
  publishEvent(events, 'changed', { old.first }, settings)
  return present
end
`,
});
