import { KEPT_ENTRIES } from '../../../src/events/limits.ts';
import { type QueueKeys, queueKeys } from '../../../src/redis/keys.ts';
import type { JobEvent } from '../../../src/schemas/event.ts';
import { type Acknowledged, EventsRead, Subscription } from '../../../src/schemas/subscription.ts';
import { expectShape } from '../api/expect-schema.ts';
import type { TestApi } from '../api/server.ts';
import type { TestRedis } from '../redis/server.ts';
import type { ManualWorker } from '../workers/manual-worker.ts';

export interface Read {
  events: JobEvent[];
  lost?: number;
  more?: boolean;
}

/** The path of a subscription. Each test of a file has a queue of its own. */
export const at = (queue: string, name = 'sub'): string => `/queues/${queue}/subscriptions/${name}`;

export const keysOf = (queue: string): QueueKeys => queueKeys('mr', queue);

/** The progress values among events, which `reportProgress` numbers from 1. */
export const progressIn = (events: readonly JobEvent[]): number[] =>
  events.flatMap(({ progress }) => (typeof progress === 'number' ? [progress] : []));

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

/** Requests about subscriptions. Each must succeed. */
export interface TestSubscriptions {
  /** Creates a subscription. */
  subscribe(queue: string, options?: object, name?: string): Promise<Subscription>;
  read(queue: string, body?: object, name?: string): Promise<Read>;
  ack(queue: string, acked: object, name?: string): Promise<Acknowledged>;
  state(queue: string, name?: string): Promise<Subscription>;
  /** Adds `count` events: one job is started and reports progress. */
  reportProgress(queue: string, count: number): Promise<void>;
  /** Adds stream entries, as scripts write them, each with `events` events. */
  addEntries(queue: string, entries: number, events?: number): Promise<void>;
}

export function useSubscriptions(
  redis: TestRedis,
  api: TestApi,
  workerOf: (queue: string) => Promise<ManualWorker>,
): TestSubscriptions {
  return {
    async subscribe(queue, options = {}, name = 'sub') {
      const { body } = await api.http.put(at(queue, name)).send(options).expect(201);
      expectShape(Subscription, body);
      return body as Subscription;
    },
    async read(queue, request = {}, name = 'sub') {
      const { body } = await api.http
        .post(`${at(queue, name)}/read`)
        .send(request)
        .expect(200);
      expectShape(EventsRead, body);
      return body as Read;
    },
    async ack(queue, acked, name = 'sub') {
      const { body } = await api.http
        .post(`${at(queue, name)}/ack`)
        .send(acked)
        .expect(200);
      return body as Acknowledged;
    },
    async state(queue, name = 'sub') {
      const { body } = await api.http.get(at(queue, name)).expect(200);
      expectShape(Subscription, body);
      return body as Subscription;
    },
    async reportProgress(queue, count) {
      const worker = await workerOf(queue);
      await api.submit({ task: 'echo', queue });
      const delivery = await worker.take();
      for (let done = 1; done < count; ) {
        const step = Math.min(500, count - done);
        await Promise.all(Array.from({ length: step }, (_, i) => worker.progress(delivery, done + i)));
        done += step;
      }
    },
    async addEntries(queue, entries, events = 1) {
      const { events: key, settings } = keysOf(queue);
      const hold = (await redis.client.hget(settings, 'hold')) ?? KEPT_ENTRIES;
      const pipeline = redis.client.pipeline();
      for (let i = 1; i <= entries; i += 1) {
        const refs = Array.from({ length: events }, (_, n) => `n${i}-${n}`);
        pipeline.xadd(key, 'MAXLEN', '~', hold, '*', 'e', 'started', 'j', refs.join(' '));
      }
      await pipeline.exec();
    },
  };
}
