import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { redisTime } from '../../../src/redis/server-time.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';

/** Commands of an idle worker, those inside scripts included: of its parent process, and of each other. */
const PARENT_PER_SECOND = 9;
const PROCESS_PER_SECOND = 0.5;

const PROCESSES = 4;
const WINDOW_MS = 10_000;
const DELAY_MS = 5_000;
/** A worker that learns of a delayed job only when it is due anyway would be later. */
const MOST_LATE_MS = 1_500;

const redis = useRedis();
const api = useApi(redis, { UNKNOWN_TASKS: 'accept' });

async function calls(): Promise<number> {
  const stats = await redis.client.info('commandstats');
  return [...stats.matchAll(/calls=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

it('idle processes send Redis almost no commands, and a delayed job starts in time all the same', async () => {
  const worker = await startWorker(redis.url, {
    QUEUES: 'idle',
    PROCESSES: String(PROCESSES),
    LOG_LEVEL: 'info',
  });
  // The API's own, which has nothing to do either, is measured together with them.
  const from = { calls: await calls(), at: await redisTime(redis.client) };
  await sleep(WINDOW_MS);
  const perSecond = ((await calls()) - from.calls) / (((await redisTime(redis.client)) - from.at) / 1_000);
  console.log({ perSecond });
  const ofApi = 6;
  expect(perSecond).toBeLessThan(PARENT_PER_SECOND + PROCESSES * PROCESS_PER_SECOND + ofApi);
  const { id } = await api.submit({ task: 'echo', queue: 'idle', delay: DELAY_MS });
  const { startedAt = '', createdAt } = await api.finished(id);
  expect(Date.parse(startedAt) - Date.parse(createdAt)).toBeGreaterThanOrEqual(DELAY_MS);
  expect(Date.parse(startedAt) - Date.parse(createdAt)).toBeLessThan(DELAY_MS + MOST_LATE_MS);
  expect(await worker.stop()).toBe(0);
});
