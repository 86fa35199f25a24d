import { GROUP } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { inChunks, letters, now } from '../../../redis/script/lua.ts';
import { RECORD_OWNER, RECORD_TOKEN, readHead, resultHead } from '../../../redis/script/result-head.ts';
import { deleteNotesOfAll } from '../delete-notes.ts';
import { endKeys, findKeys } from '../keys/turns.ts';
import { deliveredAt } from '../lua.ts';

/**
 * Lua: `complete()` ends deliveries with a result each and returns a letter per job: done, repeated or stale. It needs
 * `QUEUE_STATE`, `EVENTS` and `FREE_NOTED_FOLLOWER`; records that somebody waits for are shown before the event of the end.
 *
 * `results`: the result key of each job. `completions`: `latencyCount` pairs of a field and its increment, then `kindCount`
 * kinds (stream index, status, TTL ms, awaited 0|1), then per job: kind, entry id, token, record tail. Jobs of a stream come
 * in the order of their ids. See `completions.ts`.
 *
 * All jobs of a stream are checked and freed together, since every call from Lua costs Redis about a microsecond. All
 * are checked before the first is freed, so that a missing group changes nothing. The entry is freed before the result is
 * stored, so that a full Redis can still finish jobs.
 */
export const COMPLETE = defineFragment({
  queueKeys: ['notes', 'totals', 'stream', 'logs', 'ranked', 'holds', 'turns', 'runningKeys', 'runsFor'],
  keys: ['histogram', { list: 'results' }],
  args: ['consumer', 'latencyTtlMs', 'latencyCount', 'kindCount', { list: 'completions' }],
  uses: [now, letters, inChunks, deliveredAt, deleteNotesOfAll, findKeys, endKeys],
  lua: `
local function readCompletions()
  local kinds, jobs, byPlace, first = {}, {}, {}, 2 * latencyCount + 1
  for kind = 1, tonumber(kindCount) do
    kinds[kind] = { place = tonumber(completions[first]), status = completions[first + 1],
      expires = tostring(now + completions[first + 2]), isAwaited = completions[first + 3] == '1' }
    first = first + 4
  end
  for i = first, #completions, 4 do
    local kind, id = kinds[tonumber(completions[i])], completions[i + 1]
    local job = { kind = kind, id = id, ref = LETTERS[kind.place] .. id, token = completions[i + 2],
      tail = completions[i + 3], key = results[#jobs + 1] }
    jobs[#jobs + 1] = job
    byPlace[kind.place] = byPlace[kind.place] or {}
    table.insert(byPlace[kind.place], job)
  end
  return jobs, byPlace
end

local function findHeld(byPlace)
  local held, ids = {}, {}
  for place, all in pairs(byPlace) do
    local rows = {}
    if #all > 2 then
      -- Other jobs of the consumer may lie between these: the reply is bounded, and jobs missing in it are asked for one by one.
      for _, row in ipairs(redis.call('XPENDING', stream[place], '${GROUP}', all[1].id, all[#all].id, 2 * #all + 8, consumer)) do
        rows[row[1]] = row
      end
    end
    ids[place] = {}
    for _, job in ipairs(all) do
      local row = rows[job.id]
      if row and row[4] == tonumber(job.token) then job.started = now - row[3]
      else job.started = deliveredAt(stream[place], job.id, consumer, job.token) end
      if job.started then
        table.insert(ids[place], job.id)
        held[#held + 1] = job
      end
    end
  end
  return held, ids
end

-- Each function costs a call a little: this one is made only where there may be notes.
local readNotes = hasNotes and function(held)
  local fields, found = {}, {}
  for i, job in ipairs(held) do
    fields[5 * i - 4], fields[5 * i - 3] = job.ref .. ${NOTE.errors}, job.ref .. ${NOTE.failedBeforeRequeue}
    fields[5 * i - 2], fields[5 * i - 1] = job.ref .. ${NOTE.logged}, job.ref .. ${NOTE.runsFor}
    fields[5 * i] = job.ref .. ${NOTE.follower}
  end
  inChunks(fields, function(...)
    for _, value in ipairs(redis.call('HMGET', notes, ...)) do found[#found + 1] = value end
  end)
  return found
end

local endNoted = hasSideState and function(held)
  local found, refs, ended = hasNotes and readNotes(held) or {}, {}, {}
  for i, job in ipairs(held) do
    refs[i] = job.ref
    ended[2 * i - 1], ended[2 * i] = found[5 * i - 1] or false, job.ref
  end
  deleteNotesOfAll(notes, ranked, refs, hasNotes)
  if keyed then
    ended = findKeys(runsFor, ended, queueSettings.hasKeyed)
    endKeys(runsFor, runningKeys, holds, turns, ended, queueSettings.fair, keyed.firstHeld)
  end
  return found
end

local function storeResults(held, found)
  -- Few of the jobs started at different times: each time is printed once.
  local ended, finishedAt, texts = {}, tostring(now), {}
  for i, job in ipairs(held) do
    local errors, before = found[5 * i - 4], found[5 * i - 3]
    local startedAt = texts[job.started] or tostring(job.started)
    texts[job.started] = startedAt
    local record = ${resultHead({
      lease: 'consumer',
      attempts: `(before and job.token - before .. ',"k":' .. job.token or job.token)`,
      status: 'job.kind.status',
      startedAt: 'startedAt',
      finishedAt: 'finishedAt',
      errors: 'errors',
    })} .. job.tail
    redis.call('SET', job.key, record, 'PXAT', job.kind.expires)
    if found[5 * i - 2] then redis.call('PEXPIREAT', logs .. job.ref, job.kind.expires) end
    if job.kind.isAwaited then addShownResult(job.ref, job.kind.expires, record) end
    ended[job.kind.status] = ended[job.kind.status] or {}
    table.insert(ended[job.kind.status], job.ref)
  end
  return ended
end

local function complete()
  if #completions == 0 then return '' end
  local jobs, byPlace = readCompletions()
  local held, ids = findHeld(byPlace)
  for place, own in pairs(ids) do
    inChunks(own, function(...)
      redis.call('XACK', stream[place], '${GROUP}', ...)
      redis.call('XDEL', stream[place], ...)
    end)
  end
  local outcomes, counts = {}, {}
  local found = endNoted and #held > 0 and endNoted(held) or {}
  local ended = storeResults(held, found)
  for i = 5, #found, 5 do
    if found[i] then freeFollower(found[i]) end
  end
  for i, job in ipairs(jobs) do
    outcomes[i] = 'd'
    if not job.started then
      local lease, attempts, rest = string.match(${readHead('job.key')}, '${RECORD_OWNER}')
      local isRepeated = lease == consumer and (string.match(rest, '${RECORD_TOKEN}') or attempts) == job.token
      outcomes[i] = isRepeated and 'r' or 's'
      if not isRepeated then counts.staleCommits = (counts.staleCommits or 0) + 1 end
    end
  end
  for status, refs in pairs(ended) do
    counts[status] = #refs
    addEvent(status, refs)
  end
  for total, increment in pairs(counts) do redis.call('HINCRBY', totals, total, increment) end
  for i = 1, 2 * latencyCount, 2 do redis.call('HINCRBY', histogram, completions[i], completions[i + 1]) end
  if tonumber(latencyCount) > 0 then redis.call('PEXPIRE', histogram, latencyTtlMs) end
  return table.concat(outcomes)
end
`,
});
