import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../src/local/redis-settings.ts';
import { callRedis } from '../../../src/local/resp.ts';
import {
  type ConnectOptions,
  connectForBlocking,
  connectForRequests,
  connectForWork,
} from '../../../src/redis/connect.ts';
import type { Connection, ServerConnection } from '../../../src/redis/connection.ts';
import { SteadyRedis } from '../../../src/redis/sentinel/steady-redis.ts';
import { scripts } from '../../../src/scripts.ts';
import { askBed, PRIMARY_NAME, SENTINEL_PASSWORD, useSentinels } from '../../helpers/redis/sentinel.ts';
import { asServer, until, untilConnected, useRedis } from '../../helpers/redis/server.ts';

const PORTS = [await freePort(), await freePort()] as const;
const bed = useSentinels();

const open = (connect: (options: ConnectOptions) => Connection, options: Partial<ConnectOptions> = {}) => {
  const faults: string[] = [];
  const connection = asServer(
    connect({
      url: bed.url,
      sentinelPassword: SENTINEL_PASSWORD,
      name: 'test',
      scripts,
      onError: ({ message }) => void faults.push(message),
      ...options,
    }),
  );
  onTestFinished(() => connection.disconnect());
  return { connection, faults };
};
const portOf = (connection: ServerConnection) => String(connection.stream.remotePort);
const primaryPort = async () => new URL((await bed.primary()).url).port;
const hostsOf = (url: string) => url.replace(/^.*@|\/.*$/g, '').split(',');

describe('a connection by sentinels', () => {
  it.each([connectForRequests, connectForWork, connectForBlocking])(
    '%o leads to the primary',
    async (connect) => {
      const { connection } = open(connect);
      await untilConnected(connection);
      expect(portOf(connection)).toBe(await primaryPort());
    },
  );

  it('is open although a sentinel is away and another one hangs', async () => {
    const [, second] = bed.sentinels;
    second?.child.signal('SIGSTOP');
    onTestFinished(() => second?.child.signal('SIGCONT'));
    const [first = '', hanging = ''] = hostsOf(bed.url);
    const url = bed.url.replace(/@.*\//, `@127.0.0.1:1,${hanging},${first}/`);
    const { connection } = open(connectForWork, { url });
    await untilConnected(connection);
    expect(portOf(connection)).toBe(await primaryPort());
  });

  it('says which address of the primary it does not reach', async () => {
    const natMap = new Map([[`127.0.0.1:${await primaryPort()}`, { host: '127.0.0.1', port: 1 }]]);
    const { faults } = open(connectForWork, { natMap });
    await until(() => faults.length > 0, 'a fault');
    expect(faults[0]).toMatch(/^127\.0\.0\.1:1, an address that sentinels tell: connect ECONNREFUSED/);
  });

  it('says that no sentinel is there, what password they want, and that they do not know the name', async () => {
    const away = open(connectForWork, { url: `redis+sentinel://127.0.0.1:${await freePort()}/main` });
    await until(() => away.faults.some((one) => /^No sentinel names .*ECONNREFUSED/.test(one)), 'a fault');
    const locked = open(connectForWork, { sentinelPassword: 'wrong' });
    await until(() => locked.faults.some((one) => /sentinel.*WRONGPASS/.test(one)), 'a fault');
    const unknown = open(connectForWork, { url: bed.url.replace(/main$/, 'other') });
    await until(() => unknown.faults.some((one) => /no primary with the name other/.test(one)), 'a fault');
  });

  it('asks the sentinels as the user that they want', async () => {
    const rules = '-@all +sentinel|get-master-addr-by-name +sentinel|master';
    for (const { port } of bed.sentinels) {
      const url = `redis://:${SENTINEL_PASSWORD}@127.0.0.1:${port}`;
      await callRedis(url, ['ACL', 'SETUSER', 'asker', 'on', '>of-the-asker', ...rules.split(' ')]);
    }
    const { connection } = open(connectForWork, {
      sentinelUser: 'asker',
      sentinelPassword: 'of-the-asker',
    });
    await untilConnected(connection);
    expect(portOf(connection)).toBe(await primaryPort());
  });

  it('leads where REDIS_NAT_MAP says', async () => {
    const told = `127.0.0.1:${await primaryPort()}`;
    const nowhere = { host: '127.0.0.1', port: await freePort() };
    const { faults } = open(connectForWork, { natMap: new Map([[told, nowhere]]) });
    await until(
      () => faults.some((one) => one.includes(`ECONNREFUSED 127.0.0.1:${nowhere.port}`)),
      'a fault',
    );
  });

  it('comes back when it is told to reconnect while it asks the sentinels', async () => {
    const { connection } = open(connectForWork);
    await untilConnected(connection);
    connection.stream.destroy();
    await once(connection, 'connecting');
    connection.disconnect(true);
    await untilConnected(connection);
    expect(await connection.ping()).toBe('PONG');
  });

  it('comes back when it has ended by itself, and not when its owner has closed it', async () => {
    const { connection } = open(connectForWork);
    await untilConnected(connection);
    // ioredis now ends the connection instead of trying again.
    connection.options.retryStrategy = () => null;
    // It may come back at once: a look at its status would come too late.
    const ended = once(connection, 'end');
    connection.stream.destroy();
    await ended;
    await untilConnected(connection);
    connection.disconnect();
    await until(() => connection.status === 'end', 'an end');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(connection.status).toBe('end');
  });

  it('follows the primary when that changes its role', async () => {
    const { connection, faults } = open(connectForWork);
    const blocking = open(connectForBlocking);
    await Promise.all([connection, blocking.connection].map(untilConnected));
    const before = portOf(connection);
    const old = await bed.primary();
    await until(
      async () => (await askBed(bed.sentinels[0] as never, 'FAILOVER', PRIMARY_NAME)) === 'OK',
      'a failover',
    );
    // Told only to the server: the connection must find out by itself.
    await until(async () => (await primaryPort()) !== before, 'another primary');
    await until(
      async () => (await callRedis(old.url, ['ROLE']))?.toString().startsWith('slave'),
      'a replica',
    );
    await until(
      async () => {
        const stored = await connection.set('key', 'value').catch(() => undefined);
        return stored === 'OK' && portOf(connection) !== before;
      },
      () => `a write at the new primary (${faults.join('; ')})`,
    );
    await until(
      () => blocking.connection.status === 'ready' && portOf(blocking.connection) !== before,
      'both follow',
    );
  });
});

describe('a primary that refuses writes since it has no replicas', () => {
  const [port, nextPort] = PORTS;
  useRedis({ port, password: 'pw', settings: { 'min-replicas-to-write': '1' } });
  useRedis({ port: nextPort, password: 'pw' });

  it('is left when the sentinels name another one', async () => {
    let told = port;
    const find = async () => ({ host: '127.0.0.1', port: told });
    const retryInMs = () => 20;
    const options = { password: 'pw', maxRetriesPerRequest: 0, retryStrategy: retryInMs };
    const connection = new SteadyRedis(options, { find, tls: undefined, retryInMs });
    connection.on('error', () => undefined);
    onTestFinished(() => connection.disconnect());
    await untilConnected(connection);
    await expect(connection.set('k', 'v')).rejects.toThrow('NOREPLICAS');
    expect(portOf(connection)).toBe(String(port));
    told = nextPort;
    const write = () => connection.set('k', 'v').catch(() => undefined);
    await until(async () => (await write()) === 'OK', 'a write that is accepted');
    expect(portOf(connection)).toBe(String(nextPort));
  });
});
