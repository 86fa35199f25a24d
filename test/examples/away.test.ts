import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { freePort } from '../../src/embedded/redis-settings.ts';
import { startApi, useApi } from '../helpers/api.ts';
import { EXAMPLES, startExample } from '../helpers/example-worker.ts';
import { until, useRedis } from '../helpers/redis.ts';

/** Longer than the service is away. */
const LEASE_MS = 30_000;

const redis = useRedis();
/** Another process of the service, which stays. */
const api = useApi(redis);

/** Answers 503 to everything, and tells what was asked for. */
async function startBroken(port: number) {
  const asked = new Set<string | undefined>();
  const server = createServer((request, response) => {
    asked.add(request.url);
    response.writeHead(503).end();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { asked, stop };
}

it('workers go on where they were when the service comes back', async () => {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const workers = await Promise.all(
    EXAMPLES.map((example) =>
      startExample(example, origin, { QUEUES: example.language, LEASE_MS: String(LEASE_MS) }),
    ),
  );
  await until(() => workers.every(({ stderr }) => stderr !== ''), 'workers that find no service');

  const first = await startApi(redis.url, {}, port);
  const payload = { text: 'x', sleepMs: 1_000 };
  const jobs = await Promise.all(
    EXAMPLES.map(({ language }) => api.submit({ queue: language, task: 'upper', payload })),
  );
  await until(async () => {
    const now = await Promise.all(jobs.map(({ id }) => api.get(id)));
    return now.every(({ status }) => status === 'running');
  }, 'workers with jobs');
  await first.app.close();
  const broken = await startBroken(port);
  const isTold = ({ id }: { id: string }) => broken.asked.has(`/jobs/${id}/complete`);
  await until(() => jobs.every(isTold), 'workers that have done their jobs');
  await broken.stop();

  const second = await startApi(redis.url, {}, port);
  const ends = await Promise.all(jobs.map(({ id }) => api.finished(id)));
  expect(ends.map(({ status, attempt }) => [status, attempt])).toEqual(jobs.map(() => ['completed', 1]));
  expect(await Promise.all(workers.map((worker) => worker.stop()))).toEqual(EXAMPLES.map(() => 0));
  await second.app.close();
}, 60_000);
