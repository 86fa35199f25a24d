import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { closeGently, DRAIN_BOUNDS } from '../../../src/http/connections/close-gently.ts';
import { PATIENCE_MS } from '../../helpers/patience.ts';

const AMPLE = { bytes: DRAIN_BOUNDS.bytes, totalMs: PATIENCE_MS, silenceMs: PATIENCE_MS };
const server = createServer({ allowHalfOpen: true });

/** Both ends of a connection. */
async function connected(): Promise<{ ours: Socket; client: Socket }> {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection');
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.on('error', () => undefined);
  const [ours] = (await accepted) as [Socket];
  return { ours, client };
}

afterEach(() => {
  server.close();
});

describe('closeGently', () => {
  it('lets the client send the rest and read the answer, and closes when the client has closed', async () => {
    const { ours, client } = await connected();
    let received = '';
    client.on('data', (chunk) => {
      received += chunk;
    });
    ours.write('answer');
    closeGently(ours, AMPLE);
    await once(client, 'end');
    expect(received).toBe('answer');
    expect(ours.destroyed).toBe(false);
    client.end(Buffer.alloc(5_000_000));
    await once(ours, 'close');
    expect(ours.bytesRead).toBe(5_000_000);
  });

  it.each([
    ['more bytes than allowed', { ...AMPLE, bytes: 100_000 }, true],
    ['nothing for too long', { ...AMPLE, silenceMs: 50 }, false],
    ['for too long', { ...AMPLE, totalMs: 50 }, true],
  ])('cuts off a client that sends %s', async (_name, bounds, sends) => {
    const { ours, client } = await connected();
    const chunk = Buffer.alloc(10_000);
    const send = () => {
      while (!client.destroyed && client.write(chunk));
    };
    if (sends) client.on('drain', send);
    closeGently(ours, bounds);
    if (sends) send();
    await once(ours, 'close');
    client.destroy();
  });

  it('does nothing to a closed connection', async () => {
    const { ours, client } = await connected();
    ours.destroy();
    closeGently(ours, AMPLE);
    expect(ours.listenerCount('data')).toBe(0);
    client.destroy();
  });
});
