import type { Connection } from '../../../src/redis/connection.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import type { TestRedis } from '../redis/server.ts';
import type { Message } from './sse-client.ts';

export const eventsOf = (queue: string): string => queueKeys('mr', queue).events;

/** Writes stream entries as scripts do. */
export interface EventEntries {
  /** Registers the queues. */
  list(...queues: string[]): Promise<number>;
  /** Writes entries of one event each, numbered from `first` on. */
  add(queue: string, count: number, first?: number): Promise<void>;
}

/** Adds to a pipeline the commands for entries of one event each. */
export function addTo<T extends Pick<ReturnType<Connection['pipeline']>, 'xadd'>>(
  pipeline: T,
  queue: string,
  count: number,
  first = 1,
): T {
  for (let i = first; i < first + count; i += 1) {
    pipeline.xadd(eventsOf(queue), '*', 'e', 'started', 'j', `n${i}-0`);
  }
  return pipeline;
}

export const eventEntries = (redis: TestRedis): EventEntries => ({
  list: (...queues) => redis.client.sadd('mr:queues', ...queues),
  async add(queue, count, first) {
    await addTo(redis.client.pipeline(), queue, count, first).exec();
  },
});

/** The numbers of the received events. */
export const numbers = (messages: readonly Message[]): number[] =>
  messages
    .filter(({ type }) => type === 'started')
    .map(({ data }) => Number.parseInt(String(data['job']).split('~n')[1] ?? '', 36));

export const upTo = (count: number, first = 1): number[] =>
  Array.from({ length: count }, (_, i) => first + i);
