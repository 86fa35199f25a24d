import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript, KEPT_ENTRIES } from '../../redis/script.ts';
import {
  COMPLETE,
  type Completion,
  encodeCompletions,
  type LatencyCounts,
  type Settled,
} from './complete.ts';
import {
  decodeTaken,
  TAKE,
  type Taken,
  type TakeOptions,
  type TakeReply,
  takeArgs,
  takeKeys,
} from './take.ts';

/** What a turn brought. */
export interface CompletedAndTaken {
  /** In the order of the jobs that were ended. */
  settled: Settled[];
  taken: Taken;
}

/** Characters of a record that is shown in an event, and of all those in one event. */
const MAX_SHOWN = 512;
const MAX_SHOWN_AT_ONCE = 4_096;

/** KEYS of a turn that ends nothing. */
export const KEYS_BEFORE_RESULTS = 23;

/** Lua that every script that completes and takes begins with; its KEYS are those of `turn`. */
export const TURN = `
local isAnythingRare = redis.call('EXISTS', KEYS[1], KEYS[3], KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[21]) > 0
local set = isAnythingRare and redis.call('HMGET', KEYS[1], 'paused', 'heal:1', 'heal:2', 'heal:3', 'heal:4', 'hold') or {}
local said, shown = {}, 0
local function say(kind, refs)
  if #refs == 0 then return end
  local n = #said
  said[n + 1], said[n + 2], said[n + 3], said[n + 4] = 'e', kind, 'j', table.concat(refs, ' ')
end
-- So short that a history of them takes little memory.
local function show(ref, expires, record)
  if #record > ${MAX_SHOWN} or shown + #record > ${MAX_SHOWN_AT_ONCE} then return end
  shown = shown + #record
  local n = #said
  said[n + 1], said[n + 2] = 'r', ref .. ' ' .. expires .. ' ' .. record
end
local function tell()
  if #said > 0 then redis.call('XADD', KEYS[4], 'MAXLEN', '~', set[6] or ${KEPT_ENTRIES}, '*', unpack(said)) end
end
${COMPLETE}${TAKE}
local function completeAt(at)
  return complete({ isAnythingRare = isAnythingRare, notes = KEYS[3], totals = KEYS[22], latency = KEYS[23], streams = 11,
    results = ${KEYS_BEFORE_RESULTS} }, at)
end
`;

/**
 * Ends deliveries and takes others, in one round trip: the moves `complete` and `take`, in this order. What a
 * blocking read handed out is announced first, since it may be among those that have ended. All that happened is one
 * event of several pairs: kinds (`e`) and their refs (`j`), and before the ends the records that somebody waits for (`r`:
 * ref, expiry, record; space separated).
 *
 * KEYS: those of `take`, totals, latency, result keys. ARGV: those of `take`, those of `complete`.
 * Returns { letter per job that was ended, reply of `take` }.
 */
export const completeAndTakeScript = defineScript(
  'turn',
  `${TURN}
heed()
local outcomes = completeAt(8)
local reply = take()
tell()
return { outcomes, reply }
`,
);

/** Ends any number of deliveries of one consumer, and takes up to `options.count` others. */
export async function completeAndTake(
  redis: Connection,
  keys: QueueKeys,
  consumer: string,
  jobs: readonly Completion[],
  latency: LatencyCounts,
  options: TakeOptions,
): Promise<CompletedAndTaken> {
  const { resultKeys, args, decode } = encodeCompletions(keys, consumer, jobs, latency);
  const [outcomes, reply] = (await completeAndTakeScript.run(
    redis,
    [...turnKeys(keys), latency.key, ...resultKeys],
    [...takeArgs(consumer, options), ...args],
  )) as [string, TakeReply];
  return { settled: decode(outcomes), taken: decodeTaken(keys, reply) };
}

const known = new WeakMap<QueueKeys, readonly string[]>();

/** The first KEYS of a turn, which are the same in every turn of a queue. */
export function turnKeys(keys: QueueKeys): readonly string[] {
  const found = known.get(keys) ?? [...takeKeys(keys), keys.totals];
  known.set(keys, found);
  return found;
}
