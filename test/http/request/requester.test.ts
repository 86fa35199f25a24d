import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { FastifyReply } from 'fastify';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { endWithAccess, requesterOf } from '../../../src/http/request/requester.ts';
import { requestText } from '../../helpers/api/wire.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function openRequest() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write(requestText('GET', '/'));
  const [, raw] = (await once(server, 'request')) as [unknown, ServerResponse];
  ends.push(
    () => client.destroy(),
    () => server.close(),
  );
  return { raw, client, requester: requesterOf({ raw, server: {} } as FastifyReply) };
}

describe('requesterOf', () => {
  it('calls back when the client disconnects', async () => {
    const { client, requester } = await openRequest();
    const gone = new Promise<void>((resolve) => requester.onDisconnect(resolve));
    client.destroy();
    await gone;
  });

  it('calls back at once when the client has disconnected before', async () => {
    const { raw, client, requester } = await openRequest();
    client.destroy();
    await once(raw, 'close');
    let calls = 0;
    requester.onDisconnect(() => {
      calls += 1;
    });
    expect(calls).toBe(1);
  });
});

describe('endWithAccess', () => {
  it('watches no client that has disconnected before', async () => {
    const { raw, client } = await openRequest();
    client.destroy();
    await once(raw, 'close');
    const watch = vi.fn();
    endWithAccess({ raw, server: { accessWatch: { watch } } } as unknown as FastifyReply);
    expect(watch).not.toHaveBeenCalled();
  });
});
