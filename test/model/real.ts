import { systemClock } from '../../src/clock.ts';
import { type Delivery, WaitingConsumer } from '../../src/queue/consume.ts';
import { type Core, Inspector, Submitter } from '../../src/queue/index.ts';
import { BlockingReader } from '../../src/redis/blocking.ts';
import { type Connection, connectForRequests } from '../../src/redis/connect.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { KeySpace } from '../../src/redis/keyspace.ts';
import { ensureGroups } from '../../src/redis/scripts/groups.ts';
import { extend } from '../../src/redis/scripts/lease.ts';
import { SWEEP_START, type SweepPosition, sweep } from '../../src/redis/scripts/sweep.ts';
import { TaskDirectory } from '../../src/tasks/directory.ts';
import { type TestRedis, until, untilConnected } from '../helpers/redis.ts';

export const HOUR_MS = 3_600_000;

/** A queue of the real core, with workers by hand. */
export interface Real {
  readonly redis: TestRedis;
  /** The API side. */
  readonly core: Core;
  readonly keys: QueueKeys;
  readonly submitter: Submitter;
  readonly inspector: Inspector;
  readonly workers: readonly WaitingConsumer[];
  /** Everything that was ever handed out; `Model.handouts` has the same indices. */
  readonly deliveries: Delivery[];
}

/** What all queues of a file share. */
export interface Shared {
  readonly redis: TestRedis;
  readonly core: Core;
  readonly reader: BlockingReader;
}

/** An API side as `src/plugins/core.ts` wires it, and the one reader of the workers. */
export async function openShared(redis: TestRedis): Promise<Shared> {
  const requests = connectForRequests({ url: redis.url, name: 'model-api' });
  await untilConnected(requests);
  const core: Core = {
    redis: requests,
    keySpace: new KeySpace('mr'),
    tasks: new TaskDirectory(requests, systemClock),
    resultTtlMs: HOUR_MS,
    idempotencyTtlMs: HOUR_MS,
    unknownTasks: 'reject',
  };
  return { redis, core, reader: new BlockingReader(redis.client, redis.client) };
}

/** A queue that nobody used before, with its groups and the leases of its workers. */
export async function openQueue(
  { redis, core, reader }: Shared,
  queue: string,
  workers: number,
): Promise<Real> {
  const keys = core.keySpace.queue(queue);
  const names = Array.from({ length: workers }, (_, i) => `hand.${process.pid}.${i}`);
  await ensureGroups(redis.client, keys);
  await extend(redis.client, keys, 'new', names, HOUR_MS);
  const inspector = new Inspector(core);
  await inspector.setPaused(queue, false);
  return {
    redis,
    core,
    keys,
    submitter: new Submitter(core),
    inspector,
    workers: names.map((name) => new WaitingConsumer(name, redis.client, reader)),
    deliveries: [],
  };
}

/** Waits until a delay of one millisecond that was asked for before is over by the clock of Redis. */
export async function passDelay({ redis }: Real): Promise<void> {
  const start = await timeOf(redis.client);
  await until(async () => (await timeOf(redis.client)) > start + 1, 'the next milliseconds');
}

async function timeOf(client: Connection): Promise<number> {
  const [seconds, micros] = await client.time();
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}

/** One whole sweep; returns how many jobs it has found in no place. */
export async function sweepAll({ redis, keys }: Real): Promise<number> {
  let found = 0;
  for (let at: SweepPosition = SWEEP_START; at !== 'end'; ) {
    const done = await sweep(redis.client, keys, at);
    found += done.found;
    at = done.next;
  }
  return found;
}

/** kill -9 of Redis, and a new start on what is on disk. */
export async function killRedis({ redis, core }: Real): Promise<void> {
  await redis.server.kill();
  redis.replace(await redis.server.restart());
  for (const connection of [redis.client, core.redis]) {
    await until(async () => (await connection.ping().catch(() => '')) === 'PONG', 'a connection to Redis');
  }
}
