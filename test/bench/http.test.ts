import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ClosedLoop } from '../../bench/load/closed-loop.ts';
import { HttpConnection, requestBytes } from '../../bench/load/http.ts';
import { HttpPool } from '../../bench/load/pool.ts';

let server: Server;
const sockets: Socket[] = [];
const closing: { close(): void }[] = [];

afterEach(async () => {
  for (const one of closing.splice(0)) one.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
  await once(server, 'close');
});

/** A server that does with each request what `answer` does. */
async function listen(answer: (socket: Socket, request: string) => void): Promise<number> {
  server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => answer(socket, bytes.toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const held = <T extends { close(): void }>(one: T): T => {
  closing.push(one);
  return one;
};

const answerOf = (status: number, body: string) =>
  `HTTP/1.1 ${status} X\r\nContent-Type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const REQUEST = requestBytes({
  method: 'POST',
  path: '/jobs',
  contentType: 'application/json',
  body: '{"a":"ä"}',
});

describe('a connection of the load', () => {
  it('sends a request as HTTP asks, with the length in bytes', async () => {
    const requests: string[] = [];
    const port = await listen((socket, request) => {
      requests.push(request);
      socket.write(answerOf(202, 'ok'));
    });
    const connection = held(await HttpConnection.open(port, () => {}));
    await new Promise<void>((resolve) => connection.send(REQUEST, () => resolve()));
    expect(requests).toEqual([
      'POST /jobs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{"a":"ä"}',
    ]);
  });

  it('reads an answer that comes in any pieces', async () => {
    const text = answerOf(207, '{"items":[1,2]}');
    let cut = 0;
    const port = await listen(async (socket) => {
      cut += 1;
      socket.write(text.slice(0, cut));
      await new Promise((resolve) => setTimeout(resolve, 2));
      socket.write(text.slice(cut));
    });
    const connection = held(await HttpConnection.open(port, () => {}));
    for (let i = 1; i < text.length; i += 1) {
      const seen = await new Promise((resolve) =>
        connection.send(REQUEST, (status, body) => resolve([status, body.toString()])),
      );
      expect(seen).toEqual([207, '{"items":[1,2]}']);
    }
  });

  it.each([
    ['has no length', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', 'An answer has no length'],
    ['never comes', '', 'The server closed a connection before it answered.'],
  ])('tells of an answer that %s', async (_, text, message) => {
    const port = await listen((socket) => socket.end(text));
    const fault = new Promise<Error>((resolve) => {
      void HttpConnection.open(port, resolve).then((connection) => held(connection).send(REQUEST, () => {}));
    });
    expect((await fault).message).toContain(message);
  });
});

describe('the closed loop', () => {
  it('counts every answer, and leaves none behind', async () => {
    let answered = 0;
    const port = await listen((socket) => {
      answered += 1;
      socket.write(answerOf(202, ''));
    });
    const loop = held(await ClosedLoop.open({ port, connections: 3, request: REQUEST, expected: 202 }));
    const { count, seconds } = await loop.run(50);
    expect(count).toBe(answered);
    expect(count).toBeGreaterThan(3);
    expect(seconds).toBeGreaterThanOrEqual(0.05);
  });

  it('ends at the first answer that is not the expected one', async () => {
    const port = await listen((socket) => socket.write(answerOf(503, 'away')));
    const loop = held(await ClosedLoop.open({ port, connections: 2, request: REQUEST, expected: 202 }));
    await expect(loop.run(1_000)).rejects.toThrow('503 instead of 202: away');
  });
});

describe('the pool', () => {
  it('lets requests wait for a free connection, and gives status and body', async () => {
    let last = 0;
    const port = await listen((socket) => {
      last += 1;
      socket.write(answerOf(200, `answer ${last}`));
    });
    const pool = held(await HttpPool.open(port, 1));
    const answers = await Promise.all([pool.send(REQUEST), pool.send(REQUEST), pool.send(REQUEST)]);
    expect(answers).toEqual([1, 2, 3].map((i) => ({ status: 200, body: `answer ${i}` })));
    expect(sockets).toHaveLength(1);
  });

  it('fails what is under way and what comes later when a connection breaks', async () => {
    const port = await listen((socket) => socket.destroy());
    const pool = held(await HttpPool.open(port, 1));
    const requests = [pool.send(REQUEST), pool.send(REQUEST)];
    for (const result of await Promise.allSettled(requests)) expect(result.status).toBe('rejected');
    await expect(pool.send(REQUEST)).rejects.toThrow('closed a connection');
  });
});
