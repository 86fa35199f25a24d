import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import { QueueRegistry } from '../../../src/core/queue-registry.ts';
import { Submitter } from '../../../src/jobs/submit/submitter.ts';
import { connectForWork } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import { KeySpace } from '../../../src/redis/keyspace.ts';
import { Healer } from '../../../src/schedules/healer.ts';
import { Scheduler } from '../../../src/schedules/scheduler.ts';
import { ScheduleStore } from '../../../src/schedules/store.ts';
import { scripts } from '../../../src/scripts.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { createTestCore } from '../../helpers/redis/core.ts';
import { putQueued } from '../../helpers/redis/places.ts';
import { untilConnected } from '../../helpers/redis/server.ts';

/** Between two looks at the list of queues, ms. */
const LOOK_MS = 30_000;

const cluster = useCluster();
const keySpace = new KeySpace('mr', true);
let redis: Connection;
let now = 0;
const clock: Clock = { wall: () => now, monotonic: () => now };

beforeAll(async () => {
  redis = connectForWork({ url: cluster.url, name: 'test', scripts });
  await untilConnected(redis);
});
afterAll(() => redis.disconnect());

it('a queue with jobs is listed again when the list has lost its name, and one that was removed is not', async () => {
  const registry = new QueueRegistry(redis, keySpace, clock);
  await registry.whileListed(['kept', 'removed'], async () => undefined);
  await putQueued(redis, keySpace.queue('kept'), [1]);
  await registry.listAgain();
  await redis.del(keySpace.queues);
  await registry.listAgain();
  expect(await registry.names()).toEqual([]);
  now += LOOK_MS;
  await registry.listAgain();
  expect(await registry.names()).toEqual(['kept']);
});

it('a queue with schedules is watched again when the list of such queues has lost it', async () => {
  const core = createTestCore(redis);
  await new Scheduler(core, new Submitter(core)).put('s', {
    every: '1h',
    job: { task: 'echo', queue: 'planned', payload: 1 },
  });
  await redis.del(keySpace.scheduledQueues);
  await new Healer(new ScheduleStore(core)).run([]);
  expect(await redis.hkeys(keySpace.scheduledQueues)).toEqual(['planned']);
});
