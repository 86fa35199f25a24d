import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { expect, it } from 'vitest';
import { freePort } from '../../src/local/redis-settings.ts';
import { useApi } from '../helpers/api/server.ts';
import { until, useRedis } from '../helpers/redis/server.ts';
import { EXAMPLES, startExample } from '../helpers/workers/example-worker.ts';

/** Longer than the service is away. */
const LEASE_MS = 120_000;

const redis = useRedis();
const api = useApi(redis);

/** Stands before the service. Until it is mended, it answers 503 to reports of done jobs, and notes their addresses. */
async function startFront(port: number, isRefused = (_url: string) => true) {
  const refused = new Set<string>();
  let isMended = false;
  const server = createServer((incoming, answer) => {
    const { url = '', method, headers } = incoming;
    if (!isMended && url.endsWith('/complete') && isRefused(url)) {
      refused.add(url);
      answer.writeHead(503).end();
      return;
    }
    const outgoing = request(new URL(url, api.origin), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    outgoing.once('error', () => answer.destroy());
    answer.once('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const mend = () => {
    isMended = true;
  };
  const stop = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { refused, mend, stop };
}

it('workers wait for the service to come, and say again what it has not heard', async () => {
  const port = await freePort();
  const start = (example: (typeof EXAMPLES)[number]) =>
    startExample(example, `http://127.0.0.1:${port}`, {
      QUEUES: example.language,
      LEASE_MS: String(LEASE_MS),
    });
  const workers = await Promise.all(EXAMPLES.map(start));
  const haveComplained = () => workers.every(({ stderr }) => stderr !== '');
  await until(haveComplained, 'workers that find no service');

  const front = await startFront(port);
  const jobs = await Promise.all(
    EXAMPLES.map(({ language }) => api.submit({ queue: language, task: 'upper', payload: { text: 'x' } })),
  );
  const areRefused = () => jobs.every(({ id }) => front.refused.has(`/jobs/${id}/complete`));
  await until(areRefused, 'workers that have done their jobs');
  front.mend();
  for (const { id } of jobs) {
    expect(await api.finished(id)).toMatchObject({ status: 'completed', attempt: 1, result: { text: 'X' } });
  }
  expect(await Promise.all(workers.map((worker) => worker.stop()))).toEqual(EXAMPLES.map(() => 0));
  await front.stop();
});

it('workers give up a report when the lease has ended, and take other jobs', async () => {
  const port = await freePort();
  const lost = new Set<string>();
  const front = await startFront(port, (url) => lost.has(url));
  const queueOf = ({ language }: (typeof EXAMPLES)[number]) => `lost-${language}`;
  const submit = (example: (typeof EXAMPLES)[number]) =>
    api.submit({ queue: queueOf(example), task: 'upper', payload: { text: 'x' }, attempts: 1 });
  for (const { id } of await Promise.all(EXAMPLES.map(submit))) lost.add(`/jobs/${id}/complete`);
  const workers = await Promise.all(
    EXAMPLES.map((example) =>
      startExample(example, `http://127.0.0.1:${port}`, { QUEUES: queueOf(example), LEASE_MS: '1000' }),
    ),
  );
  await until(() => front.refused.size === lost.size, 'a refused report of each worker');
  for (const { id } of await Promise.all(EXAMPLES.map(submit))) {
    expect(await api.finished(id)).toMatchObject({ status: 'completed', result: { text: 'X' } });
  }
  expect(await Promise.all(workers.map((worker) => worker.stop()))).toEqual(EXAMPLES.map(() => 0));
  await front.stop();
});

it('workers end when their poll is refused', async () => {
  const workers = await Promise.all(
    EXAMPLES.map((example) => startExample(example, api.origin, { QUEUES: 'not a queue', LEASE_MS: '1000' })),
  );
  const haveEnded = () => workers.every(({ process }) => process.exitCode !== null);
  await until(
    haveEnded,
    () => `the ends of ${workers.filter(({ process }) => process.exitCode === null).map(({ name }) => name)}`,
  );
  expect(workers.map(({ process }) => process.exitCode)).toEqual(EXAMPLES.map(() => 1));
  for (const { stderr } of workers) expect(stderr).toContain('400');
});
