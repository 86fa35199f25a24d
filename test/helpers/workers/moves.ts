import { appendJobs } from '../../../src/jobs/submit/scripts/append.ts';
import type { NewEntry } from '../../../src/jobs/submit/scripts/submit.ts';
import type { Completion, Consumer, Settled, Taken, TakeOptions } from '../../../src/lifecycle/consumer.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import type { QueueKeys } from '../../../src/redis/keys.ts';

/** A take for nothing in particular. */
export const NOTHING: TakeOptions = {
  count: 0,
  favouredLane: 0,
  share: 0,
  classes: [],
  tokens: [],
  begun: [],
};

/** A turn that only takes. */
export async function take(
  consumer: Consumer,
  keys: QueueKeys,
  options: Partial<TakeOptions>,
): Promise<Taken> {
  return (await consumer.completeAndTake(keys, [], new Map(), 0, { ...NOTHING, ...options })).taken;
}

/** A turn that only ends jobs. */
export async function complete(
  consumer: Consumer,
  keys: QueueKeys,
  jobs: readonly Completion[],
): Promise<Settled[]> {
  return (await consumer.completeAndTake(keys, jobs, new Map(), Date.now(), NOTHING)).settled;
}

/** Takes one job in that may start at once, and returns its entry id. */
export async function submitPlain(redis: Connection, job: NewEntry): Promise<string> {
  const [id] = await appendJobs(redis, job.keys, [job]);
  if (typeof id !== 'string') throw id ?? new Error('no entry id');
  return id;
}
