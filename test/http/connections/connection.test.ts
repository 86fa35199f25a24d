import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MAX_WAITING } from '../../../src/http/connections/connection.ts';
import { Connections } from '../../../src/http/connections/connections.ts';
import { useApi } from '../../helpers/api/server.ts';
import { parseAnswers, requestText, wire } from '../../helpers/api/wire.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const KEEP = { connection: 'keep-alive' };

describe('a connection', () => {
  /** Responses that have had their turn, in order; and the paths that Node has read. */
  const started: ServerResponse[] = [];
  const read: (string | undefined)[] = [];
  const connections = new Connections();
  const server = createServer((request, response) => {
    read.push(request.url);
    connections.of(request.socket).enter(response, () => started.push(response));
  });
  let origin: string;
  const answer = (count: number) =>
    until(() => started.length >= count && started[count - 1], `turn ${count}`);

  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    started.length = 0;
    read.length = 0;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('starts a request when the answer before it is taken', async () => {
    const answers = wire(
      origin,
      requestText('GET', '/1', KEEP) + requestText('GET', '/2', KEEP) + requestText('POST', '/3', {}, 'body'),
    );
    for (const count of [1, 2, 3]) {
      const response = await answer(count);
      expect(started).toHaveLength(count);
      expect(read).toEqual(['/1', '/2', '/3']);
      response.end(String(count));
    }
    expect(parseAnswers(await answers).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('reads no further while a request waits', async () => {
    const { hostname, port } = new URL(origin);
    const client = connect(Number(port), hostname);
    client.write(requestText('GET', '/1', KEEP) + requestText('GET', '/2', KEEP));
    await answer(1);
    await until(() => read.length === 2, 'both requests');
    const { socket } = started[0] as ServerResponse & { socket: Socket };
    expect(socket.isPaused()).toBe(true);
    started[0]?.end();
    await answer(2);
    await until(() => !socket.isPaused(), 'a socket that is read again');
    client.destroy();
  });

  it('drops requests beyond the most that wait, and says so with the last answer', async () => {
    const count = MAX_WAITING + 50;
    const answers = wire(origin, requestText('GET', '/', KEEP).repeat(count));
    for (let turn = 1; turn <= MAX_WAITING + 1; turn += 1) (await answer(turn)).end();
    const connections = parseAnswers(await answers).map(({ headers }) => headers.get('connection'));
    expect(connections).toEqual([...Array(MAX_WAITING).fill('keep-alive'), 'close']);
    expect(started).toHaveLength(MAX_WAITING + 1);
  });

  it('does not start what waits when the client has gone', async () => {
    const { hostname, port } = new URL(origin);
    const client = connect(Number(port), hostname);
    client.write(requestText('GET', '/1', KEEP) + requestText('GET', '/2', KEEP));
    const first = await answer(1);
    await until(() => read.length === 2, 'both requests');
    client.destroy();
    first.end('x'.repeat(10_000_000));
    await once(first, 'close');
    const other = wire(origin, requestText('GET', '/3'));
    (await answer(2)).end();
    await other;
    expect(started.map(({ req }) => req.url)).toEqual(['/1', '/3']);
  });
});

describe('a client that does not read its answers', () => {
  const redis = useRedis();
  const api = useApi(redis);

  it('costs what its connection holds, however many requests it sends', async () => {
    const { id } = await api.submit({ task: 'echo', payload: 'x'.repeat(1_000_000) });
    const { hostname, port } = new URL(api.origin);
    await redis.client.config('RESETSTAT');
    const client = connect(Number(port), hostname);
    client.pause();
    client.write(requestText('GET', `/jobs/${id}`, KEEP).repeat(500));
    // Each round trip gives the requests of the other connection their turn, if they have one.
    for (let round = 0; round < 100; round += 1) await api.http.get('/readyz');
    const stats = await redis.client.info('commandstats');
    const reads = /cmdstat_xrange:calls=(\d+)/.exec(stats)?.[1];
    // The sockets of both sides hold about six answers.
    expect(Number(reads)).toBeGreaterThan(0);
    expect(Number(reads)).toBeLessThan(50);
    client.destroy();
  });
});
