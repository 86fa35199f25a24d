import { afterAll, beforeAll, expect, it } from 'vitest';
import { HttpQueues } from '../../src/leases/http-queues.ts';
import { recordHttpQueues } from '../../src/leases/scripts/http-queues.ts';
import { slotOf } from '../../src/redis/cluster/slots.ts';
import { connectForRequests } from '../../src/redis/connect.ts';
import type { Connection } from '../../src/redis/connection.ts';
import { KeySpace } from '../../src/redis/keyspace.ts';
import { scripts } from '../../src/scripts.ts';
import { useCluster } from '../helpers/redis/cluster.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { untilConnected } from '../helpers/redis/server.ts';

const QUEUES = ['q0', 'q1', 'q2', 'q3', 'q4', 'q5'];

const cluster = useCluster();
const keySpace = new KeySpace('mr', true);
let redis: Connection;
beforeAll(async () => {
  redis = connectForRequests({ url: cluster.url, name: 'test', scripts });
  await untilConnected(redis);
});
afterAll(() => redis.disconnect());

const indexOf = (key: string) => Math.floor((slotOf(key) * 3) / 16_384);

it('queues of HTTP workers are looked after while another primary hangs, and its own may be busy', async () => {
  const hung = (indexOf(keySpace.httpQueues) + 1) % 3;
  const isHung = (queue: string) => indexOf(keySpace.queue(queue).leases) === hung;
  const others = QUEUES.filter((queue) => !isHung(queue));
  expect(others.length).toBeLessThan(QUEUES.length);
  await recordHttpQueues(redis, keySpace.httpQueues, QUEUES);
  const [busy = ''] = others;
  await redis.zadd(keySpace.queue(busy).leases, 1, 'lease');
  const pid = cluster.primaries[hung]?.server.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    const served = new HttpQueues(createTestCore(redis));
    await served.refresh();
    const found = [...served.busy()].map(({ queue }) => queue);
    expect(found.sort()).toEqual(QUEUES.filter((queue) => isHung(queue) || queue === busy));
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});
