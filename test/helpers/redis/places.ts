import { appendJobs } from '../../../src/jobs/submit/scripts/append.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import type { EntryOptions } from '../../../src/redis/entry-options.ts';
import { formatRef, type Ref } from '../../../src/redis/job-id.ts';
import { GROUP, type Place, type QueueKeys, queueKeys } from '../../../src/redis/keys.ts';

let queues = 0;

/** The keys of a queue that no test has used before. */
export function newQueueKeys(): QueueKeys {
  queues += 1;
  return queueKeys('mr', `q${queues}`);
}

/** Puts jobs into a lane, one for each payload. src/README.md lists the places of a job. */
export async function putQueued(
  redis: Connection,
  keys: QueueKeys,
  payloads: readonly unknown[],
  { place = 'normal', options = {} }: { place?: Exclude<Place, 'parked'>; options?: EntryOptions } = {},
): Promise<Ref[]> {
  const entries = payloads.map((payload) => ({
    place,
    task: 'echo',
    payload: JSON.stringify(payload),
    options,
  }));
  const ids = await appendJobs(redis, keys, entries);
  return ids.map((entryId) => {
    if (typeof entryId !== 'string') throw entryId;
    return { place, entryId };
  });
}

/** Delivers the next jobs of a lane to a consumer. */
export async function deliver(
  redis: Connection,
  keys: QueueKeys,
  count: number,
  { place = 'normal', consumer = 'worker' }: { place?: Place; consumer?: string } = {},
): Promise<void> {
  await redis.xgroup('CREATE', keys.stream[place], GROUP, '0', 'MKSTREAM').catch(() => undefined);
  await redis.xreadgroup('GROUP', GROUP, consumer, 'COUNT', count, 'STREAMS', keys.stream[place], '>');
}

/** Makes a delivered job a dead letter, failed at `at` (Unix ms). */
export async function bury(
  redis: Connection,
  keys: QueueKeys,
  ref: Ref,
  at: number,
  error: { message: string; name?: string } = { message: 'failed' },
): Promise<void> {
  const name = formatRef(ref);
  await redis.xack(keys.stream[ref.place], GROUP, ref.entryId);
  await redis.hset(keys.notes, `${name}:a`, 1, `${name}:e`, JSON.stringify({ ...error, attempt: 1, at }));
  await redis.zadd(keys.dead[ref.place], at, name);
}
