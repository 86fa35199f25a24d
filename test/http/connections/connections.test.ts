import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import Fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connections } from '../../../src/http/connections/connections.ts';
import { connectionsPlugin } from '../../../src/http/plugins/connections.ts';
import { until } from '../../helpers/redis/server.ts';

/** More than the buffers of both sides take. */
const ANSWER = Buffer.alloc(32_000_000, 'x');
const SILENCE_MS = 300;

let connections: Connections;
let server: Server;
let sockets: Socket[];

beforeEach(async () => {
  connections = new Connections();
  sockets = [];
  server = createServer((_, response) => response.end(ANSWER));
  server.on('connection', (socket: Socket) => {
    connections.of(socket);
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => server.close());

/** A client that has asked, and reads only when told to. */
function client() {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let read = 0;
  socket.pause();
  socket.on('data', (chunk: Buffer) => {
    read += chunk.length;
  });
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  return { socket, read: () => read };
}

describe('a connection whose client does not take its answer', () => {
  it('is closed after the silence, and others are not', async () => {
    const [idle, reader] = [client(), client()];
    await until(() => sockets.length === 2 && sockets.every((one) => one.writableLength > 0), 'two answers');
    connections.boundUnread(SILENCE_MS);
    reader.socket.resume();
    await until(() => reader.read() > ANSWER.length, 'the whole answer');
    await until(() => sockets.some(({ destroyed }) => destroyed), 'the end of a connection');
    // The connection of the reader serves the next request.
    const before = reader.read();
    reader.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => reader.read() - before > ANSWER.length, 'the next answer');
    expect(idle.read()).toBeLessThan(ANSWER.length);
    expect(sockets.filter(({ destroyed }) => destroyed)).toHaveLength(1);
    idle.socket.destroy();
    reader.socket.destroy();
  });

  it('is looked for at all times, and has two minutes', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    try {
      const app = Fastify();
      await app.register(connectionsPlugin, { shutdownGraceMs: 1_000 });
      const look = vi.spyOn(app.connections, 'boundUnread');
      vi.advanceTimersByTime(30_000);
      expect(look.mock.calls).toEqual([[120_000], [120_000]]);
      await app.close();
    } finally {
      vi.useRealTimers();
      vi.restoreAllMocks();
    }
  });
});
