import { beforeEach } from 'vitest';
import { lookup } from '../../../src/jobs/scripts/lookup.ts';
import { submitTogether } from '../../../src/jobs/submit/scripts/submit.ts';
import { WaitingConsumer } from '../../../src/lifecycle/consumer.ts';
import { bury } from '../../../src/lifecycle/scripts/bury.ts';
import { ensureGroups } from '../../../src/lifecycle/scripts/ensure-groups.ts';
import { extendLease } from '../../../src/lifecycle/scripts/extend-lease.ts';
import { retry } from '../../../src/lifecycle/scripts/retry.ts';
import type { Delivery } from '../../../src/lifecycle/scripts/take.ts';
import type { EntryOptions } from '../../../src/redis/entry-options.ts';
import type { Ref } from '../../../src/redis/job-id.ts';
import { type QueueKeys, queueKeys } from '../../../src/redis/keys.ts';
import { BlockingReader } from '../../../src/redis/reads/blocking-reader.ts';
import { redisTime } from '../../../src/redis/server-time.ts';
import { type TestRedis, until } from '../redis/server.ts';
import { take } from '../workers/moves.ts';

/** Most dead letters of the queue. */
export const MAX_DEAD = 3;

/** A queue with the consumers `one` and `two`, whose leases last a minute. */
export interface QueueOfTwo {
  readonly keys: QueueKeys;
  readonly one: WaitingConsumer;
  readonly two: WaitingConsumer;
  submit(options?: EntryOptions, place?: Ref['place'], payload?: string): Promise<Ref>;
  takeAs(consumer: WaitingConsumer, count?: number): Promise<Delivery[]>;
  /** Fails the first attempt of a job that `one` runs: it is due again after `delayMs`. */
  retry(ref: Ref, delayMs: number): Promise<string>;
  /** Fails the first attempt of a job that `one` runs for good. */
  bury(ref: Ref): Promise<string>;
  placeOf(ref: Ref): Promise<string>;
}

/** A new queue for each test. */
export function useQueueOfTwo(redis: TestRedis): QueueOfTwo {
  let keys: QueueKeys;
  let one: WaitingConsumer;
  let two: WaitingConsumer;
  let queues = 0;
  let reader: BlockingReader | undefined;

  beforeEach(async () => {
    queues += 1;
    keys = queueKeys('mr', `q${queues}`);
    await ensureGroups(redis.client, keys);
    await extendLease(redis.client, keys, 'new', ['one', 'two'], 60_000);
    reader ??= new BlockingReader(redis.client, redis.client);
    one = new WaitingConsumer('one', redis.client, reader);
    two = new WaitingConsumer('two', redis.client, reader);
  });

  return {
    get keys() {
      return keys;
    },
    get one() {
      return one;
    },
    get two() {
      return two;
    },
    async submit(options = {}, place = 'normal', payload = '1') {
      const entry = { keys, place, task: 'echo', payload, options };
      const submitted = await submitTogether(redis.client, [entry]);
      if (submitted.kind !== 'stored') throw new Error(`the submit was answered ${submitted.kind}`);
      return { place, entryId: submitted.entryIds[0] ?? '' };
    },
    async takeAs(consumer, count = 10) {
      const taken = await take(consumer, keys, { count });
      if (taken.kind !== 'taken') throw new Error('no lease');
      return taken.deliveries;
    },
    retry: (ref, delayMs) => retry(redis.client, keys, 'one', failureOf(ref), delayMs),
    bury: (ref) => bury(redis.client, keys, 'one', failureOf(ref), MAX_DEAD),
    placeOf: async (ref) => (await lookup(redis.client, keys, ref)).place,
  };
}

const failureOf = (ref: Ref) => ({ ref, token: 1, error: '{"message":"no","attempt":1}' });

export const entryIdsOf = (deliveries: readonly Delivery[]): string[] =>
  deliveries.map(({ entryId }) => entryId);

/** Resolves when the clock of Redis is past the time, Unix ms. */
export const untilAfter = (redis: TestRedis, ms: number): Promise<boolean> =>
  until(async () => (await redisTime(redis.client)) > ms, 'a later time of Redis');
