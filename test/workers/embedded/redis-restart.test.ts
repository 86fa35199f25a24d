import { expect, it } from 'vitest';
import type { TaskContext } from '../../../src/tasks/types.ts';
import { createWorker } from '../../../workers/embedded/create-worker.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis({ persistent: true, port: 0 });
const api = useApi(redis);

it('goes on by itself when Redis restarts, with the job that ran meanwhile', async () => {
  let go = (): void => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  const errors: Error[] = [];
  const worker = createWorker({
    redisUrl: redis.url,
    tasks: {
      echo: (payload: unknown) => payload,
      hold: async (_: unknown, { job }: TaskContext) => {
        await held;
        return job.attempt;
      },
    },
  });
  worker.on('error', (error) => errors.push(error));
  await worker.ready;
  const running = await api.submit({ task: 'hold' });
  await expect.poll(async () => (await api.get(running.id)).status).toBe('running');
  await redis.server.kill();
  await expect.poll(() => errors.length).toBeGreaterThan(0);
  redis.replace(await redis.server.restart());
  await expect.poll(async () => (await api.http.get('/readyz')).status).toBe(200);
  go();
  expect(await api.finished(running.id)).toMatchObject({ status: 'completed' });
  const later = await api.submit({ task: 'echo', payload: 'after' });
  expect(await api.finished(later.id)).toMatchObject({ result: 'after', attempt: 1 });
  await worker.stop();
});
