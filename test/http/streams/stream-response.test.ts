import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StreamResponse } from '../../../src/http/streams/stream-response.ts';
import { requestText } from '../../helpers/api/wire.ts';

const MIB = 1_048_576;
/** More than the kernel keeps for a connection. */
const LONG = 64 * MIB;

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A request that is not answered yet, and its client, which reads nothing before it is resumed. */
async function request(): Promise<{ raw: ServerResponse; client: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  client.on('error', () => undefined).write(requestText('GET', '/'));
  const [, raw] = (await once(server, 'request')) as [unknown, ServerResponse];
  ends.push(
    () => client.destroy(),
    () => server.close(),
  );
  return { raw, client };
}

/** All bytes that come until the connection is over. */
async function received(client: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  client.on('data', (chunk) => chunks.push(chunk)).resume();
  await once(client, 'close');
  return Buffer.concat(chunks).toString();
}

describe('a response of events', () => {
  it('may have a message that is longer than what may wait', async () => {
    const { raw, client } = await request();
    const response = new StreamResponse(raw, 'ndjson');
    response.open(undefined);
    const text = received(client);
    response.write('x'.repeat(2 * MIB));
    expect(response.isClosed).toBe(false);
    response.end();
    expect(await text).not.toContain('dropped');
  });

  it('is dropped when too much waits', async () => {
    const { raw, client } = await request();
    const response = new StreamResponse(raw, 'ndjson');
    response.open(undefined);
    response.write('x'.repeat(LONG));
    expect(response.isClosed).toBe(false);
    response.write('y\n');
    expect(response.isClosed).toBe(true);
    expect(await received(client)).toContain('{"type":"dropped","reason":"too-slow"}\n');
  });

  it('is dropped when nothing is taken for two heartbeats, but not when something is', async () => {
    const { raw, client } = await request();
    const response = new StreamResponse(raw, 'ndjson');
    response.open(undefined);
    const beat = () => response.heartbeat(undefined);
    for (const isLast of [false, true]) {
      while (raw.writableLength === 0) {
        response.write(`${'x'.repeat(MIB / 2)}\n`);
        await yieldToOthers();
      }
      beat();
      beat();
      expect(response.isClosed).toBe(false);
      if (isLast) break;
      client.resume();
      await once(raw, 'drain');
      client.pause();
    }
    beat();
    expect(response.isClosed).toBe(true);
    expect(await received(client)).toContain('{"type":"dropped","reason":"stalled"}\n');
  });

  it('that has ended does not wait for a client that takes nothing', async () => {
    const { raw } = await request();
    const response = new StreamResponse(raw, 'ndjson', 50);
    response.open(undefined);
    response.write('x'.repeat(LONG));
    const closed = once(raw, 'close');
    response.end();
    await closed;
    expect(raw.destroyed).toBe(true);
  });

  it('that has ended is cut soon when the service stops', async () => {
    const { raw } = await request();
    const response = new StreamResponse(raw, 'ndjson');
    response.open(undefined);
    response.write('x'.repeat(LONG));
    response.end();
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    ends.push(() => vi.useRealTimers());
    for (let beats = 0; beats < 4; beats += 1) response.heartbeat(undefined);
    vi.advanceTimersByTime(5_000);
    expect(raw.destroyed).toBe(false);
    response.drop('service-stops');
    const closed = once(raw, 'close');
    vi.advanceTimersByTime(5_000);
    await closed;
    expect(raw.destroyed).toBe(true);
  });
});
