import {
  type Completion,
  encodeCompletions,
  type LatencyCounts,
  type Settled,
} from '../../lifecycle/scripts/complete.ts';
import { KEYS_BEFORE_RESULTS, TURN, turnKeys } from '../../lifecycle/scripts/complete-and-take.ts';
import { decodeTaken, HAND, type Taken, type TakeReply, takeArgs } from '../../lifecycle/scripts/take.ts';
import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script.ts';

/** One request to settle and take in a queue, under a lease that exists only while it holds jobs. */
export interface SettleAndTakeRequest {
  /** Most jobs to take; 0 takes none. */
  count: number;
  favouredLane: number;
  share: number;
  /** The script stops taking once the payloads that it has taken are this long together, bytes. */
  byteBudget: number;
  leaseMs: number;
  /**
   * Digest of the request. A repeated request has the same digest, gets the same jobs again and renews the lease.
   * Undefined for a new lease, or where nothing is taken.
   */
  requestDigest: string | undefined;
  /**
   * Highest fencing token among the jobs that the request fails or releases; 0 without any. A higher token than before
   * marks another request in the same words: to fail a later attempt of a job is no repetition.
   */
  highestToken: number;
  /** The lease exists in one of its queues, though it may hold nothing in this one yet. */
  isLeaseActive: boolean;
  /** An earlier take of the same request brought only jobs that need no run; this one takes others in their place. */
  isContinuation: boolean;
}

export interface SettledAndTaken {
  /** In the order of the completed jobs. */
  settled: Settled[];
  /** `no-lease`: the lease has ended, and nothing was taken. */
  taken: Taken;
  /** End of the lease, Unix ms, if the request renews it; undefined when the lease has ended in this queue or never began. */
  expiresAt: number | undefined;
}

/** So long after a request its answer can be asked for again, ms. */
const HANDED_TTL_MS = 60_000;

/**
 * Ends deliveries of an HTTP lease and takes others, in one step: a turn whose lease is made with its first jobs
 * and ends with its last one, so that a poll that brings nothing leaves nothing behind. A request that comes again,
 * since its answer was lost, is given the jobs again that it took.
 *
 * KEYS: those of `turn`, handed. ARGV: those of `take`, lease ms, room in bytes, 1 for a request that may come again, else 0, 1 for a
 *   lease that is alive, if maybe only in another queue, else 0, 1 for a request that has taken jobs already, else 0,
 *   highest token, those of `complete`.
 * Returns { letter per job that was ended, reply of `take`, end of the lease or 0 when it has ended }.
 */
export const settleAndTakeScript = defineScript(
  'serve',
  `${TURN}
local leases, consumer, count, handed, expires = KEYS[2], ARGV[1], tonumber(ARGV[2]), KEYS[#KEYS], now + ARGV[8]
local room, isRequest, isAlive, isLater = tonumber(ARGV[9]), ARGV[10] == '1', ARGV[11] == '1', ARGV[12] == '1'
local token = tonumber(ARGV[13])
local function held(place, limit)
  return redis.call('XPENDING', KEYS[11 + place], 'workers', '-', '+', limit, consumer)
end
-- Most polls find a queue that is empty.
local isEmpty = not isRequest and count > 0 and #KEYS == ${KEYS_BEFORE_RESULTS + 1} and not isAnythingRare
for place = 1, 4 do isEmpty = isEmpty and redis.call('XLEN', KEYS[11 + place]) == 0 end
if isEmpty then return { '', { 'ok', now, 0, -1, '[]' }, 0 } end
-- A group that is missing changes nothing: jobs that were taken before it shows would be in nobody's hands.
for place = 1, 5 do held(place, 1) end

local function handAgain(refs)
  local reply, heads = { 'ok', now, 0, -1, '[]' }, {}
  local function hand(ref, fields, ...)
    ${HAND}
  end
  -- No more than were taken by one request.
  for ref in string.gmatch(refs, '%S+') do
    local place, id = string.find('chnlp', string.sub(ref, 1, 1), 1, true), string.sub(ref, 2)
    local row = redis.call('XPENDING', KEYS[11 + place], 'workers', id, id, 1, consumer)[1]
    local entry = row and redis.call('XRANGE', KEYS[11 + place], id, id)[1]
    if entry then
      local noted = redis.call('HMGET', KEYS[3], ref .. ':n', ref .. ':k', ref .. ':c')
      hand(ref, entry[2], row[4], row[4] - (noted[1] or 0), tonumber(noted[2]) or 0, now, noted[3] and 1 or 0, 1)
    end
  end
  if #heads > 0 then reply[5] = cjson.encode(heads) end
  return reply
end

local function takeNext()
  local before, known = string.match(isRequest and redis.call('GET', handed) or '', '^(%d+)(.*)')
  if before and token > tonumber(before) then known = nil end
  if isRequest and not known and not isAlive and not redis.call('ZSCORE', leases, consumer) then return { 'no-lease' } end
  redis.call('ZADD', leases, expires, consumer)
  if known and not isLater then return handAgain(known) end
  local reply = take(room)
  if isRequest then
    local refs = { token .. (known or '') }
    for _, head in ipairs(cjson.decode(reply[5])) do refs[#refs + 1] = head[1] end
    redis.call('SET', handed, table.concat(refs, ' '), 'PX', ${HANDED_TTL_MS})
  end
  return reply
end

local outcomes = completeAt(14)
local reply = count > 0 and takeNext() or { 'ok', now, 0, -1, '[]' }
if count == 0 and isRequest then redis.call('ZADD', leases, 'XX', expires, consumer) end
local isIdle = true
for place = 1, 5 do isIdle = isIdle and #held(place, 1) == 0 end
if isIdle then
  for place = 1, 5 do redis.call('XGROUP', 'DELCONSUMER', KEYS[11 + place], 'workers', consumer) end
  redis.call('ZREM', leases, consumer)
end
tell()
return { outcomes, reply, isIdle and 0 or expires }
`,
);

export async function settleAndTake(
  redis: Connection,
  keys: QueueKeys,
  consumer: string,
  jobs: readonly Completion[],
  latency: LatencyCounts,
  request: SettleAndTakeRequest,
): Promise<SettledAndTaken> {
  const { leaseMs, byteBudget, requestDigest, highestToken, isLeaseActive, isContinuation } = request;
  const { resultKeys, args, decode } = encodeCompletions(keys, consumer, jobs, latency);
  const { count, favouredLane, share } = request;
  const options = { count, favouredLane, share, tokens: [], begun: [] };
  const flags = [requestDigest !== undefined, isLeaseActive, isContinuation].map(Number);
  const [outcomes, reply, end] = (await settleAndTakeScript.run(
    redis,
    [...turnKeys(keys), latency.key, ...resultKeys, keys.handed(consumer, requestDigest ?? '')],
    [...takeArgs(consumer, options), leaseMs, byteBudget, ...flags, highestToken, ...args],
  )) as [string, TakeReply, number];
  const expiresAt = end === 0 ? undefined : end;
  return { settled: decode(outcomes), taken: decodeTaken(keys, reply), expiresAt };
}
