import { entryTime, parseRef } from '../../redis/job-id.ts';
import { inOrder, type Place, type QueueKeys } from '../../redis/keys.ts';
import { type ScriptArg, WAKE_HORIZON_MS } from '../../redis/script.ts';

/** An entry handed to a consumer. */
export interface Delivery {
  keys: QueueKeys;
  place: Place;
  entryId: string;
  /** As stored: t, task, p, payload, o, options; raw, since anybody may XADD. */
  fields: string[];
  /** From 1, since the submit or the last retry by hand. */
  attempt: number;
  /** How often the entry was handed out in all: the fencing token of this delivery. */
  token: number;
  /** Whether a handler has begun on it before, in an attempt that was handed back. */
  begun: boolean;
  /** How often a process died while it ran the job. */
  losses: number;
  /** When it was handed out, Unix ms by the clock of Redis. */
  takenAt: number;
  /** When it became ready to run, Unix ms: its submit, or its due time. */
  readyAt: number;
  /** Somebody asked to cancel it while an earlier attempt ran. */
  cancelAsked: boolean;
}

export interface TakeOptions {
  /** Most jobs to take; with 0 only the tokens and begun jobs are settled. */
  count: number;
  /** A lane (index from 1, as in `PRIORITIES`) whose first `share` jobs go before the others; 0 for none. */
  favouredLane: number;
  share: number;
  /** Tokens that woke this consumer. */
  tokens: readonly string[];
  /** Refs of jobs that a blocking read handed out. */
  begun: readonly string[];
}

export type Taken =
  /** `now`: the time of Redis, Unix ms. */
  | { kind: 'taken'; now: number; deliveries: Delivery[]; paused: boolean; nextDueInMs: number | undefined }
  /** The lease is not (or no longer) known: register it anew before taking. */
  | { kind: 'no-lease' };

/**
 * Lua: adds the job `ref` with its `fields` to `heads` and `reply`; `...` are the rest of its head. No function, since a
 * call for each job would show.
 */
export const HAND = `
    if #fields == 6 and fields[1] == 't' and fields[3] == 'p' and fields[5] == 'o' then
      heads[#heads + 1] = { ref, fields[2], fields[6], ... }
      reply[#reply + 1] = fields[4]
    else
      heads[#heads + 1] = { ref, fields, '', ... }
      reply[#reply + 1] = ''
    end
`;

/**
 * Lua: `heed()` settles wake tokens, and announces jobs that a blocking read handed out; `take(room)` hands out up to a
 * number of jobs: due ones first, then the lanes by priority. With `room`, bytes, it stops once their payloads and options
 * take up as much: a lane is then read some entries at a time, so that there are at most 128 more, or 16 at first.
 *
 * KEYS of `take` from 1 on: settings, leases, notes, events, wake, scheduled, due x5, streams x5, dead of the lanes
 *   x4, expiring. ARGV from 1 on: consumer, count (0: none), index of a lane that goes first or 0, how many jobs it
 *   may give, ids of wake tokens to settle, refs to announce (both space separated), wake horizon.
 * `take` returns { 'no-lease' } or { 'ok', now, paused 0|1, ms until the next due time or -1, heads, payload... }.
 *   Heads are the JSON of one list per job, since that is far cheaper to read than a reply of lists: ref, task,
 *   options and, but for a first delivery out of a lane, token, attempt, losses, ready at, cancel asked 0|1, begun
 *   0|1. Of an entry with other fields than ours the second is the list of all its fields.
 *
 * Events go to `say(kind, refs)`, which `tell()` writes. `isAnythingRare` is false when no settings, notes, due and expiring
 * jobs are there, as in most queues at most times: one question instead of four. `set` is what the settings say of pause and
 * healing.
 *
 * Each read is bounded by the count. An entry that is due but gone was removed: its traces are dropped. While a
 * group that was made anew catches up (see groups.ts), entries that it hands out but that have a place are put back.
 */
export const TAKE = `
local function begin(refs)
  say('started', refs)
  -- What has started in time expires no more.
  if not isAnythingRare then return end
  inChunks(refs, function(...) redis.call('ZREM', KEYS[21], ...) end)
end

local function words(text)
  local all = {}
  for word in string.gmatch(text, '%S+') do all[#all + 1] = word end
  return all
end

local function heed()
  local wake = KEYS[5]
  inChunks(words(ARGV[5]), function(...)
    redis.call('XACK', wake, 'workers', ...)
    redis.call('XDEL', wake, ...)
  end)
  begin(words(ARGV[6]))
end

local function take(room)
  local settings, leases, notes, wake = KEYS[1], KEYS[2], KEYS[3], KEYS[5]
  local consumer, count, favoured, share = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
  local function stream(place) return KEYS[11 + place] end
  if not redis.call('ZSCORE', leases, consumer) then return { 'no-lease' } end

  local heads, refs, nextDue = {}, {}, nil
  local reply = { 'ok', now, 0, -1, '[]' }
  if set[1] then
    reply[3] = 1
    return reply
  end
  local function give(place, id, fields, ...)
    local ref = LETTERS[place] .. id
    refs[#refs + 1] = ref
    count = count - 1
    if room then
      room = room - #(fields[4] or '') - #(fields[6] or '')
      if room <= 0 then count = 0 end
    end
    ${HAND}
  end

  local function takeDue(due, ref, at)
    local place, id = string.find('chnlp', string.sub(ref, 1, 1), 1, true), string.sub(ref, 2)
    local noted = redis.call('HMGET', notes, ref .. ':a', ref .. ':c', ref .. ':n', ref .. ':k', ref .. ':b')
    local token = (tonumber(noted[1]) or 0) + 1
    local entry = redis.call('XCLAIM', stream(place), 'workers', consumer, 0, id, 'RETRYCOUNT', token, 'FORCE')[1]
    redis.call('ZREM', due, ref)
    if not entry then return forget(notes, ref) end
    give(place, id, entry[2], token, token - (noted[3] or 0), tonumber(noted[4]) or 0, at, noted[2] and 1 or 0,
      noted[5] and 1 or 0)
  end

  if isAnythingRare and redis.call('EXISTS', KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11]) > 0 then
    for i = 6, 11 do
      -- What is due in a lane that heals is handed out again by its group: claimed before, it would be run twice.
      local healing = i > 6 and i < 11 and set[i - 5]
      local due = healing and {} or redis.call('ZRANGE', KEYS[i], '-inf', now, 'BYSCORE', 'LIMIT', 0, count, 'WITHSCORES')
      for j = 1, #due, 2 do
        if count < 1 then break end
        takeDue(KEYS[i], due[j], tonumber(due[j + 1]))
      end
      local first = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')[2]
      if first then nextDue = math.min(nextDue or tonumber(first), tonumber(first)) end
    end
  end

  local function putBack(place, id)
    local ref = LETTERS[place] .. id
    local dead = redis.call('ZSCORE', KEYS[16 + place], ref)
    local noted = redis.call('HMGET', notes, ref .. ':a', ref .. ':b', ref .. ':c')
    local isNew = not noted[1] and not noted[2] and not noted[3] and not redis.call('ZSCORE', KEYS[6 + place], ref)
    if isNew and not dead then return false end
    redis.call('XACK', stream(place), 'workers', id)
    if not dead then redis.call('ZADD', KEYS[6 + place], 'NX', now, ref) end
    -- There is more to look at, and due jobs may have been found.
    nextDue = now
    return true
  end

  local space = room
  local function takeLane(place, limit)
    -- An empty stream is asked for its length only, a third of the cost; most jobs are in the third lane.
    if count < 1 or place ~= 3 and redis.call('XLEN', stream(place)) == 0 then return end
    limit = math.min(limit, count)
    repeat
      local asked = limit
      if room then
        -- What was taken so far tells how many will fit.
        local fit = #refs == 0 and 16 or math.max(1, math.floor(room * #refs / math.max(1, space - room)))
        asked = math.min(limit, fit, 128)
      end
      limit = limit - asked
      local read = redis.pcall('XREADGROUP', 'GROUP', 'workers', consumer, 'COUNT', asked, 'STREAMS', stream(place), '>')
      if read and read.err then
        -- The group is missing. What this turn has ended is told all the same.
        tell()
        error(read.err, 0)
      end
      local mark, entries = set[1 + place], read and read[1][2] or {}
      for _, entry in ipairs(entries) do
        if not mark or isAfter(entry[1], mark) or not putBack(place, entry[1]) then give(place, entry[1], entry[2]) end
      end
      local last = entries[#entries]
      if mark and (not last or last[1] == mark or isAfter(last[1], mark)) then
        redis.call('HDEL', settings, 'heal:' .. place)
      end
    until #entries < asked or limit < 1 or count < 1
  end
  if favoured > 0 then takeLane(favoured, share) end
  for place = 1, 4 do takeLane(place, count) end

  if nextDue then
    reply[4] = math.max(0, nextDue - now)
    -- Whoever has no room left hands the wake-up on.
    if count < 1 and reply[4] < tonumber(ARGV[7]) then nudge(wake, 1) end
  end
  if #heads > 0 then reply[5] = cjson.encode(heads) end
  begin(refs)
  return reply
end
`;

/** The first KEYS of a script that takes. */
export const takeKeys = (keys: QueueKeys): string[] => [
  keys.settings,
  keys.leases,
  keys.notes,
  keys.events,
  keys.wake,
  keys.scheduled,
  ...inOrder(keys.due),
  ...inOrder(keys.stream),
  ...inOrder(keys.dead).slice(0, -1),
  keys.expiring,
];

/** The first ARGV of a script that takes. */
export const takeArgs = (consumer: string, options: TakeOptions): ScriptArg[] => [
  consumer,
  options.count,
  options.favouredLane,
  options.share,
  options.tokens.join(' '),
  options.begun.join(' '),
  WAKE_HORIZON_MS,
];

type Head = [
  ref: string,
  task: string | string[],
  options: string,
  ...more:
    | []
    | [token: number, attempt: number, losses: number, readyAt: number, asked: number, begun: number],
];

export type TakeReply =
  | ['no-lease']
  | ['ok', now: number, paused: number, nextDue: number, heads: string, ...payloads: string[]];

export function decodeTaken(keys: QueueKeys, reply: TakeReply): Taken {
  if (reply[0] === 'no-lease') return { kind: 'no-lease' };
  const [, now, paused, nextDue, heads, ...payloads] = reply;
  const deliveries = (JSON.parse(heads) as Head[]).map((head, i) =>
    decodeDelivery(keys, now, head, payloads[i] ?? ''),
  );
  return {
    kind: 'taken',
    now,
    deliveries,
    paused: paused === 1,
    nextDueInMs: nextDue < 0 ? undefined : nextDue,
  };
}

function decodeDelivery(
  keys: QueueKeys,
  takenAt: number,
  [ref, task, options, token = 1, attempt = 1, losses = 0, readyAt, asked = 0, begun = 0]: Head,
  payload: string,
): Delivery {
  const { place, entryId } = parseRef(ref);
  return {
    keys,
    place,
    entryId,
    fields: typeof task === 'string' ? ['t', task, 'p', payload, 'o', options] : task,
    token,
    attempt,
    losses,
    begun: begun === 1,
    takenAt,
    readyAt: readyAt ?? entryTime(entryId),
    cancelAsked: asked === 1,
  };
}
