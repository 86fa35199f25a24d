import type { Connection } from '../../redis/connection.ts';
import { GROUP, type QueueKeys } from '../../redis/keys.ts';
import { defineFragment, defineScript } from '../../redis/script/define-script.ts';
import { inChunks, letters } from '../../redis/script/lua.ts';
import { WAKE_HORIZON_MS } from '../wake.ts';
import { type Completion, encodeCompletions, type LatencyCounts, type Settled } from './complete.ts';
import { COMPLETE } from './fragments/complete.ts';
import { KEYS } from './fragments/keys.ts';
import { LIMITS } from './fragments/limits.ts';
import { EVENTS, MARK_STARTED, QUEUE_STATE } from './fragments/queue-state.ts';
import { SORT_LANE } from './fragments/sort-lane.ts';
import { CLAIM, DELIVER, TAKE } from './fragments/take.ts';
import { TAKE_DUE } from './fragments/take-due.ts';
import { TAKE_HOLDS } from './fragments/take-holds.ts';
import { PUT_BACK, TAKE_LANE } from './fragments/take-lane.ts';
import { TAKE_TURNS } from './fragments/take-turns.ts';
import { deliveredAt } from './lua.ts';
import {
  decodeTaken,
  encodeClasses,
  FIRST_READ,
  TAKEN_BYTES,
  type Taken,
  type TakeOptions,
  type TakeReply,
} from './take.ts';

export interface CompletedAndTaken {
  /** In the order of the completed jobs. */
  settled: Settled[];
  taken: Taken;
}

/**
 * Lua: puts jobs back that a blocking read delivered from a queue with limits: they are due since their submit, and a take brings
 * them when the limits allow it. `toAdmit`: their refs, separated by spaces.
 */
const READMIT = defineFragment({
  queueKeys: ['stream', 'due'],
  args: ['consumer', 'toAdmit'],
  uses: [letters, deliveredAt],
  lua: `
for letter, id in string.gmatch(toAdmit, '(%a)(%S+)') do
  for place = 1, 4 do
    if LETTERS[place] == letter and deliveredAt(stream[place], id, consumer, 1) then
      redis.call('XACK', stream[place], '${GROUP}', id)
      redis.call('ZADD', due[place], 'NX', string.match(id, '^%d+'), letter .. id)
    end
  end
end
`,
});

/**
 * Lua: `ackWakeTokens()` settles the tokens that woke this consumer. `startedRefs`: the jobs that a
 * blocking read delivered; both lists are separated by spaces.
 */
const WOKEN = defineFragment({
  queueKeys: ['wake'],
  args: ['wakeIds'],
  uses: [inChunks],
  lua: `
local function words(text)
  local all = {}
  for word in string.gmatch(text, '%S+') do all[#all + 1] = word end
  return all
end
local function ackWakeTokens()
  if limits and wakeIds ~= '' then limits.hasNews = true end
  inChunks(words(wakeIds), function(...)
    redis.call('XACK', wake, '${GROUP}', ...)
    redis.call('XDEL', wake, ...)
  end)
end
`,
});

/**
 * Ends deliveries and takes others in one round trip: the moves `complete` and `take`, in this order. Jobs that a blocking
 * read delivered are announced first, since they may be among those that end. All that happens is one event.
 *
 * Returns { letter per completed job, reply of `take` }.
 */
export const completeAndTakeScript = defineScript({
  name: 'complete-and-take',
  args: ['startedRefs'],
  fragments: [
    READMIT,
    QUEUE_STATE,
    LIMITS,
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
    WOKEN,
  ],
  lua: `
ackWakeTokens()
markStarted(words(startedRefs))
local outcomes = complete()
local taken = take()
flushEvents()
return { outcomes, taken }
`,
});

/** Ends any number of deliveries of one consumer, and takes up to `options.count` others. */
export async function completeAndTake(
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  jobs: readonly Completion[],
  latency: LatencyCounts,
  options: TakeOptions,
): Promise<CompletedAndTaken> {
  const { results, kindCount, completions, decode } = encodeCompletions(queue, jobs, latency.counts);
  const [outcomes, reply] = (await completeAndTakeScript.run(
    redis,
    { queue, histogram: latency.key, results },
    {
      consumer,
      count: options.count,
      maxBytes: TAKEN_BYTES,
      firstRead: options.firstRead ?? FIRST_READ,
      favouredLane: options.favouredLane,
      share: options.share,
      favoursDue: options.favoursDue ? 1 : 0,
      wakeHorizonMs: WAKE_HORIZON_MS,
      holdClasses: encodeClasses(options.classes),
      wakeIds: options.tokens.join(' '),
      startedRefs: options.begun.join(' '),
      toAdmit: options.toAdmit?.join(' ') ?? '',
      latencyTtlMs: latency.ttlMs,
      latencyCount: latency.counts.size,
      kindCount,
      completions,
    },
  )) as [string, TakeReply];
  return { settled: decode(outcomes), taken: decodeTaken(queue, reply) };
}
