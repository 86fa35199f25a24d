import type { Connection } from '../connection.ts';
import type { QueueKeys } from '../keys.ts';
import {
  COMPLETE,
  type Completion,
  encodeCompletions,
  type LatencyCounts,
  type Settled,
} from './complete.ts';
import { defineScript, PRELUDE } from './script.ts';
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
export interface Turned {
  /** In the order of the jobs that were ended. */
  settled: Settled[];
  taken: Taken;
}

/** KEYS of a turn that ends nothing. */
export const KEYS_BEFORE_RESULTS = 23;

/**
 * Ends deliveries and takes others, in one round trip: the moves `complete` and `take`, in this order. What a
 * blocking read handed out is announced first, since it may be among those that have ended.
 *
 * KEYS: those of `take`, totals, latency, result keys. ARGV: those of `take`, those of `complete`.
 * Returns { outcome per job, reply of `take` }.
 */
export const turnScript = defineScript(
  'turn',
  `${PRELUDE}${COMPLETE}${TAKE}
heed()
local outcomes = complete({ notes = KEYS[3], events = KEYS[4], totals = KEYS[22], latency = KEYS[23], streams = 11, results = ${KEYS_BEFORE_RESULTS} }, 8)
return { outcomes, take() }
`,
);

/** Ends any number of deliveries of one consumer, and takes up to `options.count` others. */
export async function turn(
  redis: Connection,
  keys: QueueKeys,
  consumer: string,
  jobs: readonly Completion[],
  latency: LatencyCounts,
  options: TakeOptions,
): Promise<Turned> {
  const { resultKeys, args, inOrderOf } = encodeCompletions(keys, consumer, jobs, latency);
  const [outcomes, reply] = (await turnScript.run(
    redis,
    [...takeKeys(keys), keys.totals, latency.key, ...resultKeys],
    [...takeArgs(consumer, options), ...args],
  )) as [Settled[], TakeReply];
  return { settled: inOrderOf(outcomes), taken: decodeTaken(keys, reply) };
}
