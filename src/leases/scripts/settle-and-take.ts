import {
  type Completion,
  encodeCompletions,
  type LatencyCounts,
  type Settled,
} from '../../lifecycle/scripts/complete.ts';
import { COMPLETE } from '../../lifecycle/scripts/fragments/complete.ts';
import { KEYS } from '../../lifecycle/scripts/fragments/keys.ts';
import { LIMITS } from '../../lifecycle/scripts/fragments/limits.ts';
import { EVENTS, MARK_STARTED, QUEUE_STATE } from '../../lifecycle/scripts/fragments/queue-state.ts';
import { SORT_LANE } from '../../lifecycle/scripts/fragments/sort-lane.ts';
import { CLAIM, DELIVER, NOTHING_TAKEN, SPLIT_REF, TAKE } from '../../lifecycle/scripts/fragments/take.ts';
import { TAKE_DUE } from '../../lifecycle/scripts/fragments/take-due.ts';
import { TAKE_HOLDS } from '../../lifecycle/scripts/fragments/take-holds.ts';
import { PUT_BACK, TAKE_LANE } from '../../lifecycle/scripts/fragments/take-lane.ts';
import { TAKE_TURNS } from '../../lifecycle/scripts/fragments/take-turns.ts';
import {
  decodeTaken,
  encodeClasses,
  FIRST_READ,
  type Taken,
  type TakeReply,
} from '../../lifecycle/scripts/take.ts';
import { WAKE_HORIZON_MS } from '../../lifecycle/wake.ts';
import type { Connection } from '../../redis/connection.ts';
import { GROUP, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineFragment, defineScript } from '../../redis/script/define-script.ts';
import { now } from '../../redis/script/lua.ts';

/** One request to settle and take in a queue, under a lease that exists only while it holds jobs. */
export interface SettleAndTakeRequest {
  /** Most jobs to take; 0 takes none. */
  count: number;
  favouredLane: number;
  share: number;
  /** Classes of held jobs that the worker can run. */
  classes: readonly string[];
  favoursDue?: boolean;
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
  /** The worker drains: it only gets again what this request took before. Default: false. */
  isDraining?: boolean | undefined;
}

export interface SettledAndTaken {
  /** In the order of the completed jobs. */
  settled: Settled[];
  /** `no-lease`: the lease has ended, and nothing was taken. */
  taken: Taken;
  /** End of the lease, Unix ms, if the request renews it; undefined when the lease has ended in this queue or never began. */
  expiresAt: number | undefined;
}

/** How long the answer to a request can be asked for again, ms. */
const HANDED_TTL_MS = 60_000;

/** Lua: returns at once when the queue is empty and there is nothing to settle, as in most polls. */
const EMPTY_POLL = defineFragment({
  queueKeys: ['stream'],
  args: ['isRequest', 'count', { list: 'completions' }],
  uses: [now],
  lua: `
local isEmpty = isRequest == '0' and tonumber(count) > 0 and #completions == 0 and not hasSideState
for place = 1, 4 do isEmpty = isEmpty and redis.call('XLEN', stream[place]) == 0 end
if isEmpty then return { '', ${NOTHING_TAKEN}, 0 } end
`,
});

/**
 * Lua: `redeliver(record)` replies the jobs of a repeated request again that the lease still holds, and `takeNext()` takes
 * jobs, unless the request has taken them before. `handed` remembers the highest token and the refs, at most those of one request.
 */
const TAKE_ONCE = defineFragment({
  queueKeys: ['notes', 'stream', 'leases'],
  keys: ['handed'],
  args: ['consumer', 'isRequest', 'isActive', 'isContinuation', 'highestToken', 'mayTake'],
  uses: [now],
  lua: `
local hasTaken
local function redeliver(record)
  for ref in string.gmatch(record, '%S+') do
    local place, id = ${SPLIT_REF}
    local row = redis.call('XPENDING', stream[place], '${GROUP}', id, id, 1, consumer)[1]
    local entry = row and redis.call('XRANGE', stream[place], id, id)[1]
    if entry then
      local noted = redis.call('HMGET', notes, ref .. ${NOTE.failedBeforeRequeue}, ref .. ${NOTE.losses}, ref .. ${NOTE.cancelAskedAt},
        ref .. ${NOTE.checkpoint})
      deliver(ref, entry[2], row[4], row[4] - (noted[1] or 0), tonumber(noted[2]) or 0, now, noted[3] and 1 or 0, 1,
        noted[4] or nil)
    end
  end
  if #heads > 0 then reply[5] = cjson.encode(heads) end
  return reply
end
local function takeNext(expires)
  local before, taken = string.match(isRequest == '1' and redis.call('GET', handed) or '', '^(%d+)(.*)')
  if before and tonumber(highestToken) > tonumber(before) then taken = nil end
  if isRequest == '1' and not taken and isActive == '0' and not redis.call('ZSCORE', leases, consumer) then
    return { 'no-lease' }
  end
  redis.call('ZADD', leases, expires, consumer)
  if taken and isContinuation == '0' then return redeliver(taken) end
  if mayTake == '1' then
    take()
    hasTaken = true
  end
  if isRequest == '1' then
    table.insert(refs, 1, highestToken .. (taken or ''))
    redis.call('SET', handed, table.concat(refs, ' '), 'PX', ${HANDED_TTL_MS})
  end
  return reply
end
`,
});

/**
 * Ends deliveries of an HTTP lease and takes others in one step. The lease is made with its first jobs and ends with
 * its last one, so that a poll that takes nothing leaves nothing behind. A request that is repeated, since its answer was
 * lost, gets the same jobs again.
 *
 * `isRequest`: 1 for a request that may be repeated, else 0. `isActive`: 1 for a lease that has not ended, if maybe only in
 * another queue, else 0. `isContinuation`: 1 for a request that has taken jobs already, else 0.
 * Returns { letter per completed job, reply of `take`, end of the lease or 0 when it has ended }.
 */
export const settleAndTakeScript = defineScript({
  name: 'settle-and-take',
  queueKeys: ['leases', 'stream'],
  args: ['consumer', 'count', 'leaseMs', 'isRequest'],
  uses: [now],
  fragments: [
    QUEUE_STATE,
    LIMITS,
    EMPTY_POLL,
    EVENTS,
    MARK_STARTED,
    COMPLETE,
    DELIVER,
    CLAIM,
    KEYS,
    TAKE_TURNS,
    TAKE_DUE,
    TAKE_HOLDS,
    PUT_BACK,
    TAKE_LANE,
    SORT_LANE,
    TAKE,
    TAKE_ONCE,
  ],
  lua: `
local function held(place) return redis.call('XPENDING', stream[place], '${GROUP}', '-', '+', 1, consumer) end
-- A missing group shows here, before anything is changed: jobs taken before would be held by nobody.
for place = 1, 5 do held(place) end

local expires = now + leaseMs
local outcomes = complete()
local taken = tonumber(count) > 0 and takeNext(expires) or ${NOTHING_TAKEN}
if tonumber(count) == 0 and isRequest == '1' then redis.call('ZADD', leases, 'XX', expires, consumer) end
if limits and not hasTaken then limits.passOn() end
local isIdle = true
for place = 1, 5 do isIdle = isIdle and #held(place) == 0 end
if isIdle then
  for place = 1, 5 do redis.call('XGROUP', 'DELCONSUMER', stream[place], '${GROUP}', consumer) end
  redis.call('ZREM', leases, consumer)
end
flushEvents()
return { outcomes, taken, isIdle and 0 or expires }
`,
});

export async function settleAndTake(
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  jobs: readonly Completion[],
  latency: LatencyCounts,
  request: SettleAndTakeRequest,
): Promise<SettledAndTaken> {
  const { results, kindCount, completions, decode } = encodeCompletions(queue, jobs, latency.counts);
  const [outcomes, reply, end] = (await settleAndTakeScript.run(
    redis,
    { queue, histogram: latency.key, results, handed: queue.handed(consumer, request.requestDigest ?? '') },
    {
      consumer,
      count: request.count,
      leaseMs: request.leaseMs,
      isRequest: request.requestDigest === undefined ? 0 : 1,
      isActive: request.isLeaseActive ? 1 : 0,
      isContinuation: request.isContinuation ? 1 : 0,
      highestToken: request.highestToken,
      mayTake: request.isDraining ? 0 : 1,
      maxBytes: request.byteBudget,
      firstRead: FIRST_READ,
      favouredLane: request.favouredLane,
      share: request.share,
      favoursDue: request.favoursDue ? 1 : 0,
      wakeHorizonMs: WAKE_HORIZON_MS,
      holdClasses: encodeClasses(request.classes),
      latencyTtlMs: latency.ttlMs,
      latencyCount: latency.counts.size,
      kindCount,
      completions,
    },
  )) as [string, TakeReply, number];
  const expiresAt = end === 0 ? undefined : end;
  return { settled: decode(outcomes), taken: decodeTaken(queue, reply), expiresAt };
}
