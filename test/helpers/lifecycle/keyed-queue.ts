import { lookup } from '../../../src/jobs/scripts/lookup.ts';
import { submitTogether } from '../../../src/jobs/submit/scripts/submit.ts';
import type { Consumer, Delivery } from '../../../src/lifecycle/consumer.ts';
import type { Taken } from '../../../src/lifecycle/scripts/take.ts';
import type { Ref } from '../../../src/redis/job-id.ts';
import type { TestRedis } from '../redis/server.ts';
import { completionOf } from '../workers/manual-worker.ts';
import { complete, take } from '../workers/moves.ts';
import { type QueueOfTwo, useQueueOfTwo } from './queue-of-two.ts';
import { sweepAll } from './sweep-all.ts';

type Jobs = Extract<Taken, { kind: 'taken' }>;

/** A queue whose jobs have keys of one letter; `_` stands for a job without a key. */
export interface KeyedQueue {
  readonly queue: QueueOfTwo;
  setLimits(limits: Record<string, string | number>): Promise<number>;
  /** Submits a job for each letter. */
  submitFor(keys: string, place?: Ref['place']): Promise<Ref[]>;
  takeAs(consumer: Consumer, options?: Parameters<typeof take>[2]): Promise<Jobs>;
  /** Takes at most ten jobs as `one`, unless told otherwise. Returns their keys. */
  takeKeys(count?: number, consumer?: Consumer): Promise<string>;
  complete(consumer: Consumer, deliveries: readonly Delivery[]): Promise<unknown>;
  /** Why a queued job waits, or else the place of the job. */
  heldBy(ref: Ref | undefined): Promise<string | undefined>;
  /** How many wake tokens there are. */
  wakeTokens(): Promise<number>;
  sweep(): Promise<number>;
}

/** The keys of jobs, in their order. */
export const keysOf = (deliveries: readonly Delivery[]): string =>
  deliveries.map(({ fields }) => JSON.parse(fields[5] || '{}').y ?? '_').join('');

/** The letters of a text in alphabetical order. */
export const sorted = (keys: string): string => [...keys].sort().join('');

/** A new queue for each test. */
export function useKeyedQueue(redis: TestRedis): KeyedQueue {
  const queue = useQueueOfTwo(redis);

  async function takeAs(consumer: Consumer, options: Parameters<typeof take>[2] = { count: 10 }) {
    const taken = await take(consumer, queue.keys, options);
    if (taken.kind !== 'taken') throw new Error('no lease');
    return taken;
  }

  return {
    queue,
    takeAs,
    setLimits: (limits) => redis.client.hset(queue.keys.settings, limits),
    async submitFor(keys, place = 'normal') {
      const time = place === 'parked' ? { at: 1 } : {};
      const jobs = [...keys].map((key) => ({
        keys: queue.keys,
        place,
        task: 'echo',
        payload: '1',
        options: key === '_' ? {} : { ...time, y: key },
      }));
      const submitted = await submitTogether(redis.client, jobs);
      if (submitted.kind !== 'stored') throw new Error(submitted.kind);
      return submitted.entryIds.map((entryId) => ({ place, entryId }));
    },
    takeKeys: async (count = 10, consumer = queue.one) =>
      keysOf((await takeAs(consumer, { count })).deliveries),
    complete(consumer, deliveries) {
      const completions = deliveries.map((delivery) => completionOf(delivery, 'completed', '1'));
      return complete(consumer, queue.keys, completions);
    },
    async heldBy(ref) {
      const found = await lookup(redis.client, queue.keys, ref as Ref);
      return found.place === 'queued' ? found.heldBy : found.place;
    },
    wakeTokens: () => redis.client.xlen(queue.keys.wake),
    sweep: () => sweepAll(redis.client, queue.keys),
  };
}
