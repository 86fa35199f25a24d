import { afterAll, beforeAll, expect, it } from 'vitest';
import { slotOf } from '../../../src/redis/cluster/slots.ts';
import { connectForRequests, whenReady } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import { redisTime, timeAt } from '../../../src/redis/server-time.ts';
import { PATIENCE_MS } from '../../helpers/patience.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';

const cluster = useCluster();
let redis: Connection;

beforeAll(async () => {
  redis = connectForRequests({ url: cluster.url, name: 'test', scripts: [] });
  await whenReady(redis, PATIENCE_MS);
});
afterAll(() => redis.disconnect());

const KEYS = ['{a}', '{b}', '{c}', '{d}', '{e}', '{f}'];
const indexOf = (key: string) => Math.floor((slotOf(key) * 3) / 16_384);

it('the time at a key needs only the primary of that key, and the time of all needs all', async () => {
  expect(new Set(KEYS.map(indexOf)).size).toBe(3);
  expect(await redisTime(redis)).toBeGreaterThan(0);
  const pid = cluster.primaries[0]?.server.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    for (const key of KEYS) {
      const time = timeAt(redis, key);
      if (indexOf(key) === 0) await expect(time).rejects.toThrow();
      else expect(await time).toBeGreaterThan(0);
    }
    await expect(redisTime(redis)).rejects.toThrow();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});
