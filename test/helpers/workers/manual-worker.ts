import { afterAll, beforeAll } from 'vitest';
import {
  type Completion,
  type Delivery,
  type Failure,
  type Settled,
  WaitingConsumer,
} from '../../../src/lifecycle/consumer.ts';
import { ensureGroups } from '../../../src/lifecycle/scripts/ensure-groups.ts';
import { extendLease } from '../../../src/lifecycle/scripts/extend-lease.ts';
import { BlockingReader } from '../../../src/redis/blocking-reader.ts';
import { connectForWork } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import { decodeEntry } from '../../../src/redis/entry.ts';
import { type QueueKeys, queueKeys } from '../../../src/redis/keys.ts';
import { encodeTail } from '../../../src/redis/result-record.ts';
import { scripts } from '../../../src/scripts.ts';
import { type TestRedis, until, untilConnected } from '../redis/server.ts';
import { complete, take } from './moves.ts';

const LEASE_MS = 600_000;
const MAX_DEAD = 10_000;

/** A worker whose every move is made by the test. */
export interface HandWorker {
  readonly name: string;
  readonly keys: QueueKeys;
  /** Takes what is there now, at most `count` jobs. */
  takeNow(count?: number): Promise<Delivery[]>;
  /** Takes the next job, as soon as there is one. */
  take(): Promise<Delivery>;
  complete(delivery: Delivery, result: unknown): Promise<Settled | undefined>;
  /** Ends a running job as its worker does when it was asked to cancel it. */
  cancel(delivery: Delivery): Promise<Settled | undefined>;
  retry(delivery: Delivery, delayMs: number): Promise<Settled>;
  bury(delivery: Delivery): Promise<Settled>;
  /** Hands a job back before its handler has begun. */
  handBack(delivery: Delivery): Promise<readonly Settled[]>;
  progress(delivery: Delivery, value: unknown): Promise<boolean>;
}

const errorLine = (message: string, attempt: number): string =>
  JSON.stringify({ message, name: 'Error', attempt, at: Date.now() });

/** What a worker writes about an attempt that failed. */
export const failureOf = (delivery: Delivery): Failure => ({
  ref: delivery,
  token: delivery.token,
  error: errorLine('it failed', delivery.attempt),
});

/** What a worker writes at the end of a delivery; `result` is JSON text. */
export function completionOf(
  delivery: Delivery,
  status: Completion['status'],
  result: string | undefined,
): Completion {
  const entry = decodeEntry(delivery.fields);
  const { task = '', options = {} } = entry ?? {};
  const payload = options.k === true ? entry?.payload : undefined;
  return {
    ref: delivery,
    token: delivery.token,
    status,
    ttlMs: options.rt ?? 60_000,
    tail: encodeTail({ task, maxAttempts: undefined, options, payload, result }),
  };
}

async function handWorker(redis: Connection, reader: BlockingReader, queue: string): Promise<HandWorker> {
  const keys = queueKeys('mr', queue);
  const name = `hand.${process.pid}.${Buffer.from(queue).toString('hex').slice(0, 16)}`;
  const consumer = new WaitingConsumer(name, redis, reader);
  await ensureGroups(redis, keys);
  await extendLease(redis, keys, 'new', [name], LEASE_MS);

  const takeNow = async (count = 1): Promise<Delivery[]> => {
    const taken = await take(consumer, keys, { count });
    if (taken.kind === 'no-lease') throw new Error(`${name} has no lease`);
    return taken.deliveries;
  };
  const end = async (delivery: Delivery, status: Completion['status'], result: string | undefined) => {
    const completion = completionOf(delivery, status, result);
    const [settled] = await complete(consumer, keys, [completion]);
    return settled;
  };
  return {
    name,
    keys,
    takeNow,
    take: () => until(async () => (await takeNow())[0], `a job in ${queue}`),
    complete: (delivery, result) => end(delivery, 'completed', JSON.stringify(result)),
    cancel: (delivery) => end(delivery, 'cancelled', undefined),
    retry: (delivery, delayMs) => consumer.retry(keys, failureOf(delivery), delayMs),
    handBack: (delivery) => consumer.release(keys, [{ ref: delivery, token: delivery.token, begun: false }]),
    bury: (delivery) => consumer.bury(keys, failureOf(delivery), MAX_DEAD),
    progress: (delivery, value) =>
      consumer.recordProgress(keys, { ref: delivery, token: delivery.token }, JSON.stringify(value)),
  };
}

/** Workers by hand for the tests of one file, one for each queue that a test names. */
export function useHandWorkers(redis: TestRedis): (queue: string) => Promise<HandWorker> {
  let connection: Connection;
  let reader: BlockingReader;
  const workers = new Map<string, Promise<HandWorker>>();
  beforeAll(async () => {
    connection = connectForWork({ url: redis.url, name: 'hand-worker', scripts });
    await untilConnected(connection);
    reader = new BlockingReader(connection, connection);
  });
  afterAll(() => connection.disconnect());
  return async (queue) => {
    // Redis may just have been restarted.
    await untilConnected(connection);
    const worker = workers.get(queue) ?? handWorker(connection, reader, queue);
    workers.set(queue, worker);
    return worker;
  };
}
