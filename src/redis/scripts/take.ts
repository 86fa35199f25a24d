import type { Connection } from '../connection.ts';
import { inOrder, PLACES, type Place, type QueueKeys } from '../keys.ts';
import { defineScript, PRELUDE, WAKE_HORIZON_MS } from './script.ts';

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
 * Hands out up to a number of jobs: due ones first, then the lanes by priority.
 *
 * KEYS: settings, leases, notes, events, wake, scheduled, due x5, streams x5, dead of the lanes x4, expiring.
 * ARGV: consumer, count (0 only settles tokens and announces), index of a lane that goes first or 0, how many
 *   jobs it may give, ids of wake tokens to settle, refs that a blocking read handed out already and that are
 *   to be announced (both space separated), wake horizon.
 * Returns { 'no-lease' } or { 'ok', now, paused 0|1, ms until the next due time or -1,
 *   { stream index, entry id, fields, token, attempt, losses, ready at, cancel asked 0|1, begun 0|1 }... }.
 *
 * Each read is bounded by the count. An entry that is due but gone was removed: its traces are dropped. While a
 * group that was made anew catches up (see groups.ts), entries that it hands out but that have a place are put back.
 */
export const takeScript = defineScript(
  'take',
  `${PRELUDE}
local settings, leases, notes, events, wake = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local consumer, count, favoured, share = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local letters = { 'c', 'h', 'n', 'l', 'p' }
local function stream(place) return KEYS[11 + place] end

for token in string.gmatch(ARGV[5], '%S+') do
  redis.call('XACK', wake, 'workers', token)
  redis.call('XDEL', wake, token)
end
if not redis.call('ZSCORE', leases, consumer) then return { 'no-lease' } end

local reply, refs, nextDue = { 'ok', now, 0, -1 }, {}, nil
for ref in string.gmatch(ARGV[6], '%S+') do refs[#refs + 1] = ref end
local function begin()
  announce(events, 'started', refs)
  -- What has started in time expires no more.
  if #refs == 0 or redis.call('EXISTS', KEYS[21]) == 0 then return end
  for first = 1, #refs, 1000 do redis.call('ZREM', KEYS[21], unpack(refs, first, math.min(#refs, first + 999))) end
end
local set = redis.call('HMGET', settings, 'paused', 'heal:1', 'heal:2', 'heal:3', 'heal:4')
if set[1] then
  reply[3] = 1
  begin()
  return reply
end
local function give(place, id, fields, token, attempt, losses, readyAt, cancelled, begun)
  reply[#reply + 1] = { place, id, fields, token, attempt, losses, readyAt, cancelled, begun }
  refs[#refs + 1] = letters[place] .. id
  count = count - 1
end

local function takeDue(set, ref, at)
  local place, id = string.find('chnlp', string.sub(ref, 1, 1), 1, true), string.sub(ref, 2)
  local noted = redis.call('HMGET', notes, ref .. ':a', ref .. ':c', ref .. ':n', ref .. ':k', ref .. ':b')
  local token = (tonumber(noted[1]) or 0) + 1
  local entry = redis.call('XCLAIM', stream(place), 'workers', consumer, 0, id, 'RETRYCOUNT', token, 'FORCE')[1]
  redis.call('ZREM', set, ref)
  if not entry then return forget(notes, ref) end
  give(place, id, entry[2], token, token - (noted[3] or 0), tonumber(noted[4]) or 0, at, noted[2] and 1 or 0,
    noted[5] and 1 or 0)
end

if redis.call('EXISTS', KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11]) > 0 then
  for i = 6, 11 do
    -- What is due in a lane that heals is handed out again by its group: claimed before, it would be run twice.
    local healing = i > 6 and i < 11 and set[i - 5]
    local due = healing and {} or redis.call('ZRANGE', KEYS[i], '-inf', now, 'BYSCORE', 'LIMIT', 0, count, 'WITHSCORES')
    for j = 1, #due, 2 do takeDue(KEYS[i], due[j], tonumber(due[j + 1])) end
    local first = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')[2]
    if first then nextDue = math.min(nextDue or tonumber(first), tonumber(first)) end
  end
end

local function putBack(place, id)
  local ref = letters[place] .. id
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

local function takeLane(place, limit)
  if count < 1 then return end
  local read = redis.call('XREADGROUP', 'GROUP', 'workers', consumer, 'COUNT', math.min(limit, count), 'STREAMS', stream(place), '>')
  local mark, entries = set[1 + place], read and read[1][2] or {}
  for _, entry in ipairs(entries) do
    if not mark or isAfter(entry[1], mark) or not putBack(place, entry[1]) then
      give(place, entry[1], entry[2], 1, 1, 0, tonumber(string.match(entry[1], '^%d+')), 0, 0)
    end
  end
  local last = entries[#entries]
  if mark and (not last or last[1] == mark or isAfter(last[1], mark)) then
    redis.call('HDEL', settings, 'heal:' .. place)
  end
end
if favoured > 0 then takeLane(favoured, share) end
for place = 1, 4 do takeLane(place, count) end

if nextDue then
  reply[4] = math.max(0, nextDue - now)
  -- Whoever has no room left hands the wake-up on.
  if count < 1 and reply[4] < tonumber(ARGV[7]) then nudge(wake, 1) end
end
begin()
return reply
`,
);

type RawDelivery = [number, string, string[], number, number, number, number, number, number];

/** Takes up to `count` jobs for a consumer with a lease. */
export async function take(
  redis: Connection,
  keys: QueueKeys,
  consumer: string,
  options: TakeOptions,
): Promise<Taken> {
  const reply = (await takeScript.run(
    redis,
    [
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
    ],
    [
      consumer,
      options.count,
      options.favouredLane,
      options.share,
      options.tokens.join(' '),
      options.begun.join(' '),
      WAKE_HORIZON_MS,
    ],
  )) as [string, number, number, number, ...RawDelivery[]];
  if (reply[0] === 'no-lease') return { kind: 'no-lease' };
  const [, now, paused, nextDue, ...raw] = reply;
  const deliveries = raw.map(
    ([place, entryId, fields, token, attempt, losses, readyAt, cancelled, begun]): Delivery => ({
      keys,
      place: PLACES[place - 1] ?? 'parked',
      entryId,
      fields,
      token,
      attempt,
      losses,
      begun: begun === 1,
      takenAt: now,
      readyAt,
      cancelAsked: cancelled === 1,
    }),
  );
  return {
    kind: 'taken',
    now,
    deliveries,
    paused: paused === 1,
    nextDueInMs: nextDue < 0 ? undefined : nextDue,
  };
}
