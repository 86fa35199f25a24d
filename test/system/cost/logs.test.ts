import { expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';

const LINES = 20_000;
const MS = 2_000;
/** Writes of one attempt come at most every 200 ms, and one at its end. */
const MAX_WRITES = 12;

const redis = useRedis();
const api = useApi(redis);
useWorker(redis, { LOG_LEVEL: 'info' });

it('a job that logs 10,000 lines a second costs Redis a few writes a second', async () => {
  await redis.client.config('RESETSTAT');
  const { id } = await api.submit({ task: 'chatter', payload: { lines: LINES, ms: MS } });
  const { result } = await api.finished(id);
  const stats = await redis.client.info('commandstats');
  const [, writes] = /cmdstat_rpush:calls=(\d+)/.exec(stats) ?? [];
  const { ms } = result as { ms: number };
  expect(Number(writes)).toBeLessThanOrEqual((MAX_WRITES * ms) / MS);
  const { items, dropped } = (await api.http.get(`/jobs/${id}/logs`).expect(200)).body;
  expect(items.length + dropped).toBe(LINES);
  expect(items).toHaveLength(1_000);
  expect(items.at(-1)).toMatchObject({ line: LINES, message: `line ${LINES - 1}` });
});
