import type { Connection } from '../connection.ts';
import { formatRef, type Ref } from '../entry.ts';
import { inOrder, placeIndex, type QueueKeys } from '../keys.ts';
import { defineScript, PRELUDE } from './script.ts';

/** What became of a finishing call. */
export type Settled =
  /** The move was made now. */
  | 'done'
  /** The same move by the same lease was made before; its answer must have been lost. */
  | 'repeated'
  /** The delivery belongs to this lease no more; nothing was changed. */
  | 'stale';

/** The end of one delivery that leaves a result. */
export interface Completion {
  ref: Ref;
  /** Fencing token of the delivery. */
  token: number;
  status: 'completed' | 'cancelled' | 'expired';
  /** How long the result is kept, ms. */
  ttlMs: number;
  /** The tail of the stored record, from `"t"` on; see `record.ts`. */
  tail: string;
}

/** Increments of the histogram of waits and runs: field -> count. */
export type LatencyCounts = ReadonlyMap<string, number>;

/**
 * Ends deliveries with a result each.
 *
 * KEYS: notes, events, totals, latency, streams x5, result keys.
 * ARGV: consumer, latency TTL ms, number of latency pairs, those pairs, then per job:
 *   stream index, entry id, token, status, TTL ms, record tail.
 * Returns 'done' | 'repeated' | 'stale' per job.
 *
 * The entry is freed before the result is stored, so that a full Redis can still finish jobs.
 */
export const completeScript = defineScript(
  'complete',
  `${PRELUDE}
local notes, events, totals, latency = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local consumer, pairs_end = ARGV[1], 3 + 2 * tonumber(ARGV[3])
local letters = { 'c', 'h', 'n', 'l', 'p' }
local outcomes, counts, ended = {}, {}, {}

local function isMine(record, token)
  local lease, attempt, rest = string.match(record, '^{"w":"([^"]*)","a":(%d+)(.*)')
  return lease == consumer and (string.match(rest, '^,"k":(%d+)') or attempt) == token
end

local function finish(i, resultKey)
  local place, id, token, status = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local stream, ref = KEYS[4 + place], letters[place] .. id
  local started = owns(stream, id, consumer, token)
  if not started then
    local record = redis.call('GET', resultKey)
    if record and isMine(record, token) then return 'repeated' end
    counts.staleCommits = (counts.staleCommits or 0) + 1
    return 'stale'
  end
  redis.call('XACK', stream, 'workers', id)
  redis.call('XDEL', stream, id)
  local noted = redis.call('HMGET', notes, ref .. ':e', ref .. ':n')
  local errors, attempt = noted[1], token - (noted[2] or 0)
  forget(notes, ref)
  local record = '{"w":"' .. consumer .. '","a":' .. attempt
  if noted[2] then record = record .. ',"k":' .. token end
  record = record .. ',"s":"' .. status .. '","b":' .. started .. ',"f":' .. now
  if errors then record = record .. ',"e":[' .. string.gsub(errors, '\\n', ',') .. ']' end
  redis.call('SET', resultKey, record .. ARGV[i + 5], 'PXAT', now + ARGV[i + 4])
  counts[status] = (counts[status] or 0) + 1
  ended[status] = ended[status] or {}
  table.insert(ended[status], ref)
  return 'done'
end

for i = pairs_end + 1, #ARGV, 6 do
  outcomes[#outcomes + 1] = finish(i, KEYS[10 + #outcomes])
end
for name, count in pairs(counts) do redis.call('HINCRBY', totals, name, count) end
for status, refs in pairs(ended) do announce(events, status, refs) end
for i = 4, pairs_end, 2 do redis.call('HINCRBY', latency, ARGV[i], ARGV[i + 1]) end
if pairs_end > 3 then redis.call('PEXPIRE', latency, ARGV[2]) end
return outcomes
`,
);

/** Ends any number of deliveries of one consumer; outcomes come in the order of the jobs. */
export async function complete(
  redis: Connection,
  keys: QueueKeys,
  consumer: string,
  jobs: readonly Completion[],
  latency: { key: string; ttlMs: number; counts: LatencyCounts },
): Promise<Settled[]> {
  const results = jobs.map((job) => keys.result(formatRef(job.ref)));
  const pairs = [...latency.counts].flat();
  const args = jobs.flatMap((job) => [
    placeIndex(job.ref.place),
    job.ref.entryId,
    job.token,
    job.status,
    job.ttlMs,
    job.tail,
  ]);
  return (await completeScript.run(
    redis,
    [keys.notes, keys.events, keys.totals, latency.key, ...inOrder(keys.stream), ...results],
    [consumer, latency.ttlMs, latency.counts.size, ...pairs, ...args],
  )) as Settled[];
}
