import dns, { type LookupAddress } from 'node:dns';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  type ConnectOptions,
  connectForBlocking,
  connectForRequests,
  connectForWork,
  reconnectInMs,
  whenReady,
} from '../../src/redis/connect.ts';
import { isUnavailable } from '../../src/redis/faults.ts';
import { scripts } from '../../src/scripts.ts';
import { asServer, until, untilConnected, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

const open = (connect: typeof connectForWork, options: Partial<ConnectOptions> = {}) => {
  const connection = connect({ url: redis.url, name: 'test', scripts, ...options });
  onTestFinished(() => connection.disconnect());
  return connection;
};

/** Every host has two addresses, as localhost often has. */
const lookUpTwo = ((_host: string, _options: object, done: (error: null, all: LookupAddress[]) => void) =>
  done(
    null,
    ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 })),
  )) as typeof dns.lookup;

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

  it.each(['redis://two.test:1', 'redis+cluster://two.test:1', 'redis+sentinel://two.test:1/main'])(
    'tells why each address of a host has failed: %s',
    async (url) => {
      vi.spyOn(dns, 'lookup').mockImplementation(lookUpTwo);
      onTestFinished(() => void vi.restoreAllMocks());
      const faults: string[] = [];
      open(connectForWork, { url, onError: ({ message }) => void faults.push(message) });
      await until(() => faults.length > 0, 'a fault');
      expect(faults[0]).toContain('connect ECONNREFUSED 127.0.0.1:1, connect ECONNREFUSED 127.0.0.2:1');
    },
  );

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

describe('many connections that were lost at one moment', () => {
  /** Most of the times that lie in one window of 100 ms. */
  const mostAtOnce = (times: readonly number[]) =>
    Math.max(...times.map((start) => times.filter((time) => time >= start && time < start + 100).length));

  it.each([300, 1_000, 5_000])('come back one after the other, %d ms later', (awayMs) => {
    const times = Array.from({ length: 200 }, () => {
      let time = 0;
      for (let attempt = 1; attempt === 1 || time < awayMs; attempt += 1) {
        time += reconnectInMs(attempt, Math.random());
      }
      return time;
    });
    expect(mostAtOnce(times)).toBeLessThan(100);
    expect(Math.max(...times)).toBeLessThanOrEqual(awayMs + 1_000);
  });

  it.each([connectForRequests, connectForWork, connectForBlocking])(
    '%o waits for a random time',
    (connect) => {
      const strategy = asServer(open(connect)).options.retryStrategy;
      const delays = new Set(Array.from({ length: 50 }, () => strategy?.(5)));
      expect(delays.size).toBeGreaterThan(25);
    },
  );
});
