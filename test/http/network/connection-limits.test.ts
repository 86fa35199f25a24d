import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectSecurely } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startApi } from '../../helpers/api/server.ts';
import { parseAnswers, requestText } from '../../helpers/api/wire.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { recordEvents } from '../../helpers/telemetry/recorder.ts';
import { FIRST, writePair } from '../../helpers/tls/pairs.ts';

const redis = useRedis();
const KEEP = requestText('GET', '/livez', { connection: 'keep-alive' });
let dir: string;
let app: FastifyInstance;
let sockets: Socket[];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-limits-'));
});
afterAll(() => rm(dir, { recursive: true }));
afterEach(async () => {
  vi.useRealTimers();
  for (const socket of sockets) socket.destroy();
  await app.close();
});

/** A connection that has got an answer, or was closed. */
async function dial(isSecure: boolean): Promise<{ socket: Socket; answer: string | undefined }> {
  const address = { port: (app.server.address() as AddressInfo).port, host: '127.0.0.1' };
  const socket = isSecure ? connectSecurely({ ...address, rejectUnauthorized: false }) : connect(address);
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.write(KEEP);
  const answer = await new Promise<string | undefined>((resolve) => {
    socket.once('data', (bytes) => resolve(String(bytes)));
    socket.once('close', () => resolve(undefined));
  });
  return { socket, answer };
}

describe.each<[string, string, boolean]>([
  ['of an address', 'MAX_CONNECTIONS_PER_ADDRESS', false],
  ['of an address over TLS', 'MAX_CONNECTIONS_PER_ADDRESS', true],
  ['in total', 'MAX_CONNECTIONS', false],
  ['in total over TLS', 'MAX_CONNECTIONS', true],
])('connections %s beyond the limit', (_name, limit, secure) => {
  it('are refused and told of, until others have closed', async () => {
    sockets = [];
    const recorder = recordEvents('connections-refused');
    const { tlsCertFile, tlsKeyFile } = await writePair(dir, FIRST);
    const tls = secure ? { TLS_CERT_FILE: tlsCertFile, TLS_KEY_FILE: tlsKeyFile } : {};
    const env = { [limit]: '2', ...tls };
    vi.useFakeTimers({ toFake: ['setInterval'] });
    ({ app } = await startApi(redis.url, env, recorder.observe));
    const kept = [await dial(secure), await dial(secure)];
    for (const { answer } of kept) expect(answer).toMatch(/^HTTP\/1\.1 200 /);

    // In clear text, so that an answer before the handshake of TLS would be seen.
    const { socket, answer } = await dial(false);
    const isTold = !secure && limit === 'MAX_CONNECTIONS_PER_ADDRESS';
    expect(answer === undefined ? undefined : parseAnswers(answer)[0]?.status).toBe(isTold ? 503 : undefined);
    socket.destroy();
    vi.advanceTimersByTime(10_000);
    vi.useRealTimers();
    expect(recorder.events).toEqual([
      { kind: 'connections-refused', limit, refused: 1, address: '127.0.0.1' },
    ]);

    // Those that are open go on.
    kept[1]?.socket.write(requestText('GET', '/livez'));
    if (kept[1] !== undefined) expect(await text(kept[1].socket)).toMatch(/^HTTP\/1\.1 200 /);
    await until(async () => (await dial(secure)).answer?.startsWith('HTTP/1.1 200 '), 'another connection');
  });
});
