import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createApi, DemoError } from '../../src/local/api-client.ts';

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return createApi(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

it('polls a job until it has finished, and returns the statuses that it saw', async () => {
  const jobs = [
    { status: 'queued' },
    { status: 'running' },
    { status: 'running' },
    { status: 'completed', finishedAt: 'now' },
  ];
  const api = await serve((_, response) => {
    response.setHeader('connection', 'close').end(JSON.stringify(jobs.shift()));
  });
  expect(await api.follow('/jobs/1')).toEqual({
    job: { status: 'completed', finishedAt: 'now' },
    seen: ['queued', 'running', 'completed'],
    requests: 4,
  });
});

it('throws what the API answered to a refused request', async () => {
  const api = await serve((_, response) => {
    response.writeHead(400, { connection: 'close' }).end('{"code":"invalid-request"}');
  });
  const refused = api.send('POST', '/jobs', { task: 1 });
  await expect(refused).rejects.toThrow(DemoError);
  await expect(refused).rejects.toThrow('POST /jobs was answered with 400: {"code":"invalid-request"}');
});
