import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { Agent, request } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectSecurely, type TLSSocket } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TlsPair } from '../../../src/config/tls.ts';
import { serverFactory } from '../../../src/http/network/server.ts';
import type { Problem } from '../../../src/schemas/problem.ts';
import { startApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { FIRST, SECOND, writePair } from '../../helpers/tls/pairs.ts';

const redis = useRedis();
let dir: string;
let app: FastifyInstance;
let port: number;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-tls-'));
  const { tlsCertFile, tlsKeyFile } = await writePair(dir, FIRST);
  ({ app } = await startApi(redis.url, { TLS_CERT_FILE: tlsCertFile, TLS_KEY_FILE: tlsKeyFile }));
  ({ port } = app.server.address() as AddressInfo);
});
afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

/** A request by HTTPS that trusts both certificates of the tests. */
function ask(
  path: string,
  options: { method?: string; agent?: Agent; body?: Buffer; headers?: object } = {},
) {
  const { method = 'GET', agent = new Agent(), body, headers } = options;
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const ca = [FIRST.cert, SECOND.cert];
    const outgoing = request(
      { host: '127.0.0.1', port, path, method, agent, ca, headers: { ...headers } },
      (incoming) => {
        text(incoming).then((received) => resolve({ status: incoming.statusCode, text: received }), reject);
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** The certificate that a new connection gets. */
async function certificateName(): Promise<unknown> {
  const socket = connectSecurely({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN;
}

/** The files' certificate, once the API uses it; without the wait between two looks. */
async function useNow({ cert, key }: TlsPair): Promise<void> {
  (app.server as Server & { setSecureContext(pair: TlsPair): void }).setSecureContext({ cert, key });
}

describe('an API with a certificate', () => {
  it('serves all of it by HTTPS, and knows its clients', async () => {
    expect((await ask('/readyz')).status).toBe(200);
    expect(JSON.parse((await ask('/openapi.json')).text).servers).toMatchObject([{ url: '/' }]);
    const body = Buffer.from('{"task":"echo","queue":"tls"}');
    const headers = { 'content-type': 'application/json', origin: `https://127.0.0.1:${port}` };
    expect((await ask('/jobs', { method: 'POST', body, headers })).status).toBe(202);
  });

  it('speaks HTTP/1.1 by TLS 1.2 and later', async () => {
    const dial = async (options: object): Promise<TLSSocket> => {
      const socket = connectSecurely({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
      await once(socket, 'secureConnect');
      socket.destroy();
      return socket;
    };
    expect((await dial({ ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol).toBe('http/1.1');
    expect((await dial({ maxVersion: 'TLSv1.2' })).getProtocol).toBeDefined();
    const old = dial({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
    await expect(old).rejects.toThrow(/protocol|alert/i);
  });

  it('uses a new certificate for new connections, and keeps those that are open', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await ask('/livez', { agent });
    const [kept] = Object.values(agent.freeSockets).flat();
    await useNow(SECOND);
    expect(await certificateName()).toBe('second.localhost');
    expect((await ask('/livez', { agent })).status).toBe(200);
    expect(Object.values(agent.freeSockets).flat()).toEqual([kept]);
    agent.destroy();
    await useNow(FIRST);
    expect(await certificateName()).toBe('first.localhost');
  });

  it('answers early while the client still sends', async () => {
    const body = Buffer.alloc(8_000_000, 'x');
    for (const [path, status, headers] of [
      ['/jobs', 413, { 'content-type': 'application/json', 'content-length': body.length }],
      ['/nope', 404, {}],
    ] as const) {
      expect((await ask(path, { method: 'POST', body, headers })).status).toBe(status);
    }
  });

  it.each([
    ['plain HTTP', Buffer.from('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['rubbish', Buffer.from(Array.from({ length: 1_000 }, (_, i) => (i * 37) % 256))],
    ['half a hello', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00])],
  ])('closes a connection with %s, and serves others', async (_name, bytes) => {
    const before = await openSockets(app.server);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    socket.write(bytes);
    if (bytes.length < 10) socket.end();
    socket.resume();
    await closed;
    expect((await ask('/livez')).status).toBe(200);
    await until(async () => (await openSockets(app.server)) <= before, 'no connection left');
  });

  it('answers a broken request over TLS with a problem', async () => {
    const socket = connectSecurely({ port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.write('HELLO\r\n\r\n');
    const received = await text(socket);
    const problem: Problem = JSON.parse(received.slice(received.indexOf('\r\n\r\n')));
    expect([received.slice(0, 12), problem.code]).toEqual(['HTTP/1.1 400', 'invalid-request']);
  });
});

const openSockets = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });

describe('a client that does not end its handshake', () => {
  it('loses its connection', async () => {
    const bounds = {
      headersMs: 60_000,
      requestMs: 60_000,
      keepAliveMs: 60_000,
      lookMs: 60_000,
      handshakeMs: 100,
    };
    const server = serverFactory(FIRST, 100, bounds)(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'close');
    expect(await openSockets(server)).toBe(0);
    server.close();
  });
});
