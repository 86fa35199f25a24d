import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerClientError } from '../../../src/http/client-errors.ts';
import { serverFactory } from '../../../src/http/network/server.ts';
import { connectionsPlugin } from '../../../src/http/plugins/connections.ts';
import { SlowClient, type Slowness } from '../../helpers/api/slow-clients.ts';
import { until } from '../../helpers/redis/server.ts';

/** The bounds of an API, a hundred times as short. */
const BOUNDS = { headersMs: 150, requestMs: 60_000, keepAliveMs: 60_000, handshakeMs: 100, lookMs: 50 };
const CLIENTS = 100;

let app: FastifyInstance;
let port: number;
let finish: () => void;

beforeEach(async () => {
  app = Fastify({
    serverFactory: serverFactory(undefined, 1_000, BOUNDS),
    clientErrorHandler: answerClientError,
  });
  await app.register(connectionsPlugin, { shutdownGraceMs: 1_000 });
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  app.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload));
  app.post('/jobs', async () => 'done');
  app.post('/jobs/batch', async ({ body }) => {
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length;
    return String(bytes);
  });
  // It takes its body late: the client is not slow, the service is.
  app.post('/late', async ({ body }) => {
    await finished;
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length;
    return String(bytes);
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = app.server.address() as AddressInfo);
});
afterEach(() => {
  finish();
  return app.close();
});

const opened = (slowness: Slowness, count = CLIENTS): SlowClient[] =>
  Array.from({ length: count }, () => new SlowClient(port, slowness));

describe('slow clients', () => {
  it.each<[Slowness, RegExp]>([
    ['silence', /^$/],
    ['headers', /^HTTP\/1\.1 408 .*"status":408/s],
  ])('that send %s lose their connections soon', async (slowness, answer) => {
    const clients = opened(slowness);
    await until(() => {
      for (const client of clients) client.drip();
      return clients.every(({ isClosed }) => isClosed);
    }, 'the end of all connections');
    expect(clients.find(({ received }) => received !== '' || slowness === 'silence')?.received).toMatch(
      answer,
    );
    await until(() => app.connections.isEmpty, 'no connection kept');
  });

  it.each<Slowness>(['body', 'chunks'])(
    'that send a %s lose their connections after three looks',
    async (slowness) => {
      const clients = opened(slowness);
      await until(() => app.connections.size === CLIENTS, 'all connections');
      await until(() => clients.every(({ socket }) => socket.bytesWritten > 0), 'their first bytes');
      const honest = fetch(`http://127.0.0.1:${port}/jobs`, { method: 'POST' });
      for (let look = 1; look <= 3; look += 1) {
        for (const client of clients) client.drip();
        await (await fetch(`http://127.0.0.1:${port}/jobs`, { method: 'POST' })).text();
        if (look === 3) expect(clients.every(({ isClosed }) => !isClosed)).toBe(true);
        app.connections.closeSlow();
      }
      expect((await honest).status).toBe(200);
      await until(() => clients.every(({ isClosed }) => isClosed), 'the end of all connections');
      expect(clients.find(({ received }) => received !== '')?.received).toMatch(
        /^HTTP\/1\.1 408 .*"status":408/s,
      );
    },
  );
});

describe('a client that sends enough', () => {
  it('keeps its connection', async () => {
    const [client] = opened('body', 1);
    await until(() => app.connections.size === 1, 'its connection');
    for (let look = 0; look < 8; look += 1) {
      const before = client?.socket.bytesWritten ?? 0;
      client?.socket.write('x'.repeat(2_000));
      await until(
        () => (client?.socket.bytesWritten ?? 0) > before && client?.socket.writableLength === 0,
        'bytes',
      );
      await (await fetch(`http://127.0.0.1:${port}/jobs`, { method: 'POST' })).text();
      app.connections.closeSlow();
    }
    expect(client?.isClosed).toBe(false);
    client?.socket.destroy();
  });

  it('keeps its connection while the service does not read its body', async () => {
    const body = 'x\n'.repeat(1_000_000);
    const headers = { 'content-type': 'application/x-ndjson' };
    const answer = fetch(`http://127.0.0.1:${port}/late`, { method: 'POST', headers, body });
    await until(() => app.connections.size === 1, 'its connection');
    for (let look = 0; look < 8; look += 1) {
      await (await fetch(`http://127.0.0.1:${port}/jobs`, { method: 'POST' })).text();
      app.connections.closeSlow();
    }
    finish();
    expect(await (await answer).text()).toBe(String(body.length));
  });
});
