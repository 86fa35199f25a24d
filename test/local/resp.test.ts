import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { callRedis } from '../../src/local/resp.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const call = (...command: string[]) => callRedis(redis.url, command);

it('reads every kind of reply', async () => {
  expect(await call('SET', 'text', 'ü\r\n')).toBe('OK');
  expect(await call('GET', 'text')).toBe('ü\r\n');
  expect(await call('GET', 'nothing')).toBeNull();
  expect(await call('INCR', 'number')).toBe(1);
  expect(await call('MGET', 'text', 'nothing')).toEqual(['ü\r\n', null]);
});

it('reads a reply that comes in many pieces', async () => {
  const long = 'x'.repeat(1_000_000);
  await call('SET', 'long', long);
  expect(await call('GET', 'long')).toBe(long);
});

it('throws an error reply', async () => {
  await expect(call('INCR', 'text')).rejects.toMatchObject({ name: 'RedisReplyError' });
});

/** The address of a server that answers each connection with this text, and stays silent with undefined. */
async function serve(text: string | undefined): Promise<string> {
  const server = createServer((socket) => {
    if (text !== undefined) socket.write(text);
    onTestFinished(() => void socket.destroy());
  });
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('throws when the server does not speak the protocol of Redis', async () => {
  await expect(callRedis(await serve('HTTP/1.1 400\r\n'), ['PING'])).rejects.toThrow(
    'does not use the Redis protocol',
  );
});

it('throws when there is no reply in time', async () => {
  await expect(callRedis(await serve(undefined), ['PING'], 50)).rejects.toThrow(
    'Redis did not answer within 50 ms',
  );
});
