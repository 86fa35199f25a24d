import type { Core } from '../../../src/core/core.ts';
import { JobChanger } from '../../../src/jobs/change.ts';
import { JobInspector } from '../../../src/jobs/job-inspector.ts';
import { JobOperator } from '../../../src/jobs/job-operator.ts';
import { Submitter } from '../../../src/jobs/submit/submitter.ts';
import { type Delivery, WaitingConsumer } from '../../../src/lifecycle/consumer.ts';
import { ensureGroups } from '../../../src/lifecycle/scripts/ensure-groups.ts';
import { extendLease } from '../../../src/lifecycle/scripts/extend-lease.ts';
import { SWEEP_START, type SweepPosition, sweep } from '../../../src/lifecycle/scripts/sweep.ts';
import { QueueInspector } from '../../../src/queues/queue-inspector.ts';
import { QueueOperator } from '../../../src/queues/queue-operator.ts';
import { connectForRequests } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import type { QueueKeys } from '../../../src/redis/keys.ts';
import { BlockingReader } from '../../../src/redis/reads/blocking-reader.ts';
import { scripts } from '../../../src/scripts.ts';
import { createTestCore } from '../../helpers/redis/core.ts';
import { type TestRedis, until, untilConnected } from '../../helpers/redis/server.ts';

export const HOUR_MS = 3_600_000;

/** A queue of the real core, with manual workers. */
export interface Real {
  readonly redis: TestRedis;
  /** The API side. */
  readonly core: Core;
  readonly keys: QueueKeys;
  readonly submitter: Submitter;
  readonly jobInspector: JobInspector;
  readonly jobOperator: JobOperator;
  readonly jobChanger: JobChanger;
  readonly queueInspector: QueueInspector;
  readonly queueOperator: QueueOperator;
  readonly workers: readonly WaitingConsumer[];
  /** All deliveries so far. `Model.deliveries` has the same indices. */
  readonly deliveries: Delivery[];
}

/** Connections that all queues of a test file share. */
export interface Shared {
  readonly redis: TestRedis;
  readonly core: Core;
  readonly reader: BlockingReader;
}

/** Opens an API side, wired as in `src/http/plugins/core.ts`, and the reader that all workers share. */
export async function openShared(redis: TestRedis): Promise<Shared> {
  const requests = connectForRequests({ url: redis.url, name: 'model-api', scripts });
  await untilConnected(requests);
  const core = createTestCore(requests, { unknownTasks: 'reject' });
  return { redis, core, reader: new BlockingReader(redis.client, redis.client) };
}

/** Opens a new queue with its groups and the leases of its workers. */
export async function openQueue(
  { redis, core, reader }: Shared,
  queue: string,
  workers: number,
): Promise<Real> {
  const keys = core.keySpace.queue(queue);
  const names = Array.from({ length: workers }, (_, i) => `hand.${process.pid}.${i}`);
  await ensureGroups(redis.client, keys);
  await extendLease(redis.client, keys, 'new', names, HOUR_MS);
  const queueOperator = new QueueOperator(core);
  await queueOperator.setPaused(queue, false);
  return {
    redis,
    core,
    keys,
    submitter: new Submitter(core),
    jobInspector: new JobInspector(core),
    jobOperator: new JobOperator(core),
    jobChanger: new JobChanger(core),
    queueInspector: new QueueInspector(core),
    queueOperator,
    workers: names.map((name) => new WaitingConsumer(name, redis.client, reader)),
    deliveries: [],
  };
}

/** Waits until the clock of Redis passes a delay of one millisecond. */
export async function passDelay({ redis }: Real): Promise<void> {
  const start = await timeOf(redis.client);
  await until(async () => (await timeOf(redis.client)) > start + 1, 'the clock of Redis to pass the delay');
}

async function timeOf(client: Connection): Promise<number> {
  const [seconds, micros] = await client.time();
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}

/** Runs one whole sweep. Returns how many jobs it found in no place. */
export async function sweepAll({ redis, keys }: Real): Promise<number> {
  let found = 0;
  for (let at: SweepPosition = SWEEP_START; at !== 'end'; ) {
    const done = await sweep(redis.client, keys, at);
    found += done.found;
    at = done.next;
  }
  return found;
}

/** Kills Redis with SIGKILL and restarts it from disk. */
export async function killRedis({ redis, core }: Real): Promise<void> {
  await redis.server.kill();
  redis.replace(await redis.server.restart());
  for (const connection of [redis.client, core.redis]) {
    await until(async () => (await connection.ping().catch(() => '')) === 'PONG', 'a connection to Redis');
  }
}
