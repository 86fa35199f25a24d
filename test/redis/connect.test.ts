import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type ConnectOptions,
  connectForRequests,
  connectForWork,
  whenReady,
} from '../../src/redis/connect.ts';
import { isUnavailable } from '../../src/redis/faults.ts';
import { scripts } from '../../src/scripts.ts';
import { untilConnected, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

const open = (connect: typeof connectForWork, options: Partial<ConnectOptions> = {}) => {
  const connection = connect({ url: redis.url, name: 'test', scripts, ...options });
  onTestFinished(() => connection.disconnect());
  return connection;
};

describe('a connection', () => {
  it('is ready once commands can be sent', async () => {
    const connection = open(connectForWork);
    expect(await whenReady(connection, 10_000)).toBe(true);
    expect(await connection.ping()).toBe('PONG');
    expect(await whenReady(connection, 10_000)).toBe(true);
  });

  it('is not ready while Redis is away, reports the fault and rejects commands', async () => {
    const faults: Error[] = [];
    const away = { url: 'redis://127.0.0.1:1', onError: (error: Error) => void faults.push(error) };
    const connection = open(connectForWork, away);
    expect(await whenReady(connection, 200)).toBe(false);
    expect(faults.every(isUnavailable) && faults.length > 0).toBe(true);
    expect(isUnavailable(await connection.ping().catch((error: unknown) => error))).toBe(true);
  });

  it('is not ready when it has ended', async () => {
    const connection = open(connectForWork, { url: 'redis://127.0.0.1:1' });
    const ready = whenReady(connection, 60_000);
    connection.disconnect();
    expect(await ready).toBe(false);
  });

  it('for requests fails a command that Redis does not answer within a second', async () => {
    const connection = open(connectForRequests);
    await untilConnected(connection);
    await redis.client.call('CLIENT', 'PAUSE', '3000', 'ALL');
    const answer = connection.ping().catch((error: unknown) => error);
    expect(isUnavailable(await answer)).toBe(true);
  });
});
