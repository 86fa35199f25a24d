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
import { connectForWork } from '../../../src/redis/connect.ts';
import type { Connection, ServerConnection } from '../../../src/redis/connection.ts';
import { decodeEntry } from '../../../src/redis/entry.ts';
import { type QueueKeys, queueKeys } from '../../../src/redis/keys.ts';
import { BlockingReader } from '../../../src/redis/reads/blocking-reader.ts';
import { encodeTail } from '../../../src/redis/result-record.ts';
import { scripts } from '../../../src/scripts.ts';
import { asServer, type TestRedis, until, untilConnected } from '../redis/server.ts';
import { complete, take } from './moves.ts';

const LEASE_MS = 600_000;
const MAX_DEAD = 10_000;

/** A worker whose moves the test makes, one by one. */
export interface ManualWorker {
  readonly name: string;
  readonly keys: QueueKeys;
  /** Takes the jobs that are ready now, at most `count`. */
  takeNow(count?: number): Promise<Delivery[]>;
  /** Takes the next job, as soon as one is ready. */
  take(): Promise<Delivery>;
  complete(delivery: Delivery, result: unknown): Promise<Settled | undefined>;
  /** Settles a running job as cancelled, as its worker does after a request to cancel it. */
  cancel(delivery: Delivery): Promise<Settled | undefined>;
  retry(delivery: Delivery, delayMs: number): Promise<Settled>;
  bury(delivery: Delivery): Promise<Settled>;
  /** Releases a job whose handler has not started. */
  release(delivery: Delivery): Promise<readonly Settled[]>;
  progress(delivery: Delivery, value: unknown): Promise<boolean>;
}

const errorLine = (message: string, attempt: number): string =>
  JSON.stringify({ message, name: 'Error', attempt, at: Date.now() });

/** The arguments of a retry or bury after an attempt that failed. */
export const failureOf = (delivery: Delivery): Failure => ({
  ref: delivery,
  token: delivery.token,
  error: errorLine('it failed', delivery.attempt),
});

/** The arguments of a completion; `result` is JSON text. */
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

async function createManualWorker(
  redis: Connection,
  reader: BlockingReader,
  queue: string,
): Promise<ManualWorker> {
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
    release: (delivery) => consumer.release(keys, [{ ref: delivery, token: delivery.token, begun: false }]),
    bury: (delivery) => consumer.bury(keys, failureOf(delivery), MAX_DEAD),
    progress: (delivery, value) =>
      consumer.recordProgress(keys, { ref: delivery, token: delivery.token }, JSON.stringify(value)),
  };
}

/** Manual workers for the tests of one file, one for each queue that a test names. */
export function useManualWorkers(redis: TestRedis): (queue: string) => Promise<ManualWorker> {
  let connection: ServerConnection;
  let reader: BlockingReader;
  const workers = new Map<string, Promise<ManualWorker>>();
  beforeAll(async () => {
    connection = asServer(connectForWork({ url: redis.url, name: 'manual-worker', scripts }));
    await untilConnected(connection);
    reader = new BlockingReader(connection, connection);
  });
  afterAll(() => connection.disconnect());
  return async (queue) => {
    // Redis may just have been restarted.
    await untilConnected(connection);
    const worker = workers.get(queue) ?? createManualWorker(connection, reader, queue);
    workers.set(queue, worker);
    return worker;
  };
}
