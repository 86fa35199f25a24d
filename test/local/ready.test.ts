import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { untilApiReady, untilPortFree, untilWorkerReady } from '../../src/local/ready.ts';

const HOST = '127.0.0.1';
const never = new AbortController().signal;
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen<T extends Server>(server: T): Promise<number> {
  servers.push(server);
  server.listen(0, HOST);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** An HTTP server that answers with these statuses and bodies in turn; the last one stays. */
async function serve(...answers: readonly [number, unknown][]): Promise<string> {
  let next = 0;
  const server: HttpServer = createHttpServer((_, response) => {
    const [status, body] = answers[Math.min(next, answers.length - 1)] ?? [500, null];
    next += 1;
    response.writeHead(status, { connection: 'close' }).end(JSON.stringify(body));
  });
  return `http://${HOST}:${await listen(server)}`;
}

describe('a port', () => {
  it('that is in use is refused without patience, with what to do', async () => {
    const port = await listen(createServer());
    await expect(untilPortFree(HOST, port, 0, never)).rejects.toThrow(
      `Port ${port} on ${HOST} is in use. Stop the process that uses it, or choose another one: PORT=${port + 1}, or --port ${port + 1} for millrace dev.`,
    );
  });

  it('that gets free in time is accepted', async () => {
    const server = createServer();
    const port = await listen(server);
    const free = untilPortFree(HOST, port, 20_000, never);
    server.close();
    await free;
  });

  it('of an address that this machine does not have is refused', async () => {
    await expect(untilPortFree('203.0.113.1', 3_000, 0, never)).rejects.toThrow('Check HOST and PORT');
  });
});

describe('the API', () => {
  it('is ready when /readyz answers 200', async () => {
    await untilApiReady(await serve([503, {}], [200, {}]), never);
  });

  it('is given up when the start is aborted', async () => {
    const url = await serve([503, {}]);
    await expect(untilApiReady(url, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  });
});

describe('the worker', () => {
  it('is ready when the statistics of its queue list it', async () => {
    await untilWorkerReady(await serve([200, { workers: [] }], [200, { workers: [{}] }]), ['default'], never);
  });
});
