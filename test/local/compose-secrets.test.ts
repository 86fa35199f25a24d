import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Child, startChild } from '../../src/local/child-process.ts';
import { startRedis } from '../../src/local/redis-server.ts';
import { freePort } from '../../src/local/redis-settings.ts';
import { callRedis } from '../../src/local/resp.ts';
import { createOrphanReaper } from '../../src/orphan-reaper.ts';
import { connectForWork } from '../../src/redis/connect.ts';
import { pathInProject, readInProject } from '../helpers/local/pages.ts';
import { isFree } from '../helpers/redis/cluster.ts';
import { asServer, until, untilConnected, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis({ port: await freePort() });
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mr-secrets-'));
  for (const volume of ['api', 'client', 'redis']) mkdirSync(join(dir, volume));
});
afterEach(() => rmSync(dir, { recursive: true }));

const make = (env: NodeJS.ProcessEnv = {}, ...more: string[]) =>
  execFileSync(process.execPath, [pathInProject('scripts/compose-secrets.mjs'), dir, ...more], { env });
const read = (file: string) => readFileSync(join(dir, file), 'utf8').trim();
const asOperator = (port: number, ...command: string[]) => {
  const env = { ...process.env, REDISCLI_AUTH: read('redis/operator-password') };
  const args = ['-p', String(port), '--user', 'operator', ...command];
  return execFileSync('redis-cli', args, { env, encoding: 'utf8' });
};
const FILES = ['api/admin-key', 'client/redis-url', 'redis/operator-password', 'redis/users.acl'];
const readAll = () => FILES.map(read);

it('makes secrets at the first start, keeps them, and writes the ACL file each time', () => {
  make();
  const first = readAll();
  expect(read('api/admin-key')).toMatch(/^[\w-]{43}$/);
  // Redis runs as another user, and reads the files of its volume.
  expect(FILES.map((file) => statSync(join(dir, file)).mode & 0o777)).toEqual([0o400, 0o400, 0o444, 0o444]);
  rmSync(join(dir, 'redis/users.acl'));
  writeFileSync(join(dir, 'redis/users.acl'), 'user of an earlier release');
  make();
  expect(readAll()).toEqual(first);
  rmSync(dir, { recursive: true });
  for (const volume of ['api', 'client', 'redis']) mkdirSync(join(dir, volume), { recursive: true });
  make();
  expect(readAll().filter((text, i) => text === first[i])).toEqual([]);
});

it('keeps a key that somebody has written', () => {
  writeFileSync(join(dir, 'api/admin-key'), 'a-key-of-my-own-with-more-than-32-characters\n');
  make();
  expect(read('api/admin-key')).toBe('a-key-of-my-own-with-more-than-32-characters');
});

it('lets the address log in as a user with the keys of PREFIX alone, and nobody without a password', async () => {
  make({ PREFIX: 'mine' });
  const [first, ...users] = read('redis/users.acl').split('\n');
  expect(first).toBe('user default reset off ~* &* +@all');
  for (const user of users) await redis.client.acl('SETUSER', ...(user.split(' ').slice(1) as [string]));
  const url = new URL(read('client/redis-url'));
  expect(url.host).toBe('redis:6379');
  url.host = new URL(redis.url).host;
  const client = connectForWork({ url: url.href, name: 'test', scripts: [] });
  await untilConnected(client);
  await client.set('mine:key', 'text');
  await expect(client.set('mr:key', 'text')).rejects.toThrow(/NOPERM/);
  client.disconnect();
  url.username = 'operator';
  url.password = read('redis/operator-password');
  const operator = connectForWork({ url: url.href, name: 'test', scripts: [] });
  await untilConnected(operator);
  expect(await operator.set('mr:key', 'text')).toBe('OK');
  operator.disconnect();
});

it('lets Redis load what scripts have written, which it does as the user default', async () => {
  make();
  const options = { dir: join(dir, 'data'), port: await freePort(), password: 'secret' };
  const first = await startRedis(options);
  const write = connectForWork({ url: first.url, name: 'test', scripts: [] });
  await untilConnected(write);
  await write.multi().set('mr:one', 1).set('mr:two', 2).exec();
  write.disconnect();
  await first.stop();
  // Without a password for `default`, this process could not ask whether Redis is ready.
  const [line = ''] = read('redis/users.acl').split('\n');
  writeFileSync(join(dir, 'users.acl'), `${line.replace('off', 'on >secret')}\n`);
  const second = await startRedis({ ...options, settings: { aclfile: join(dir, 'users.acl') } });
  const look = connectForWork({ url: second.url, name: 'test', scripts: [] });
  await untilConnected(look);
  const keys = await look.dbsize();
  look.disconnect();
  await second.stop();
  expect(keys).toBe(2);
});

describe('the settings of several servers', () => {
  const reaper = createOrphanReaper();
  const children: Child[] = [];
  const start = async (file: string, lines: readonly string[], ...more: string[]) => {
    writeFileSync(join(dir, file), lines.join('\n'));
    children.push(
      await startChild({ name: file, command: 'redis-server', args: [join(dir, file), ...more], reaper }),
    );
  };
  afterEach(async () => {
    await Promise.all(children.map((child) => child.stop(5_000)));
    reaper.end();
  });

  it('of docker-compose.sentinel.yml let a replica follow, sentinels fail over, and the service follow them', async () => {
    make({}, 'sentinel');
    // For REPLICAS_ACK.
    expect(read('redis/users.acl')).toContain(' +wait ');
    const [first, second, sentinelPort] = [await freePort(), await freePort(), await freePort()];
    const conf = (port: number, ...more: string[]) => [
      ...read('redis/redis.conf').replace('/run/millrace', dir).split('\n'),
      `port ${port}`,
      `dir ${join(dir, String(port))}`,
      ...more,
    ];
    for (const port of [first, second]) mkdirSync(join(dir, String(port)));
    await start('one.conf', conf(first));
    await start('two.conf', conf(second, `replicaof 127.0.0.1 ${first}`));
    const sentinel = read('redis/sentinel.conf')
      .replace('port 26379', `port ${sentinelPort}`)
      .replace('redis-1 6379 2', `127.0.0.1 ${first} 1`);
    await start('sentinel.conf', [...sentinel.split('\n'), ''], '--sentinel');
    const sentinelUrl = `redis://:${read('client/sentinel-password')}@127.0.0.1:${sentinelPort}`;
    const tell = (...command: string[]) =>
      callRedis(sentinelUrl, ['SENTINEL', ...command]).catch(() => undefined);
    await until(async () => (await tell('REPLICAS', 'main'))?.toString().includes(`:${second}`), 'a replica');
    const connection = asServer(
      connectForWork({
        url: read('client/redis-url').replace(/@.*\//, `@127.0.0.1:${sentinelPort}/`),
        sentinelPassword: read('client/sentinel-password'),
        name: 'test',
        scripts: [],
      }),
    );
    await untilConnected(connection);
    await until(async () => (await connection.set('mr:key', 'text').catch(() => '')) === 'OK', 'a write');
    await until(() => asOperator(second, 'get', 'mr:key').trim() === 'text', 'a replica with the key');
    await until(async () => (await tell('FAILOVER', 'main')) === 'OK', 'a failover');
    await until(
      () => connection.status === 'ready' && connection.stream.remotePort === second,
      'the new one',
    );
    expect(await connection.get('mr:key')).toBe('text');
    connection.disconnect();
  });

  it('of docker-compose.cluster.yml let six nodes become a Cluster, and the service write to each primary', async () => {
    make({}, 'cluster');
    const base = await freePorts();
    const ports = NODES.map((node) => base + node);
    for (const port of ports) {
      mkdirSync(join(dir, String(port)));
      const conf = read('redis/redis.conf').replace('/run/millrace', dir);
      await start(`${port}.conf`, [conf, `port ${port}`, `dir ${join(dir, String(port))}`]);
    }
    const script = clusterScript()
      .replaceAll('/run/millrace', dir)
      .replace('-h "redis-$node"', `-p "$((${base} + node))"`)
      .replace('"172.30.93.1$node" 6379', `127.0.0.1 "$((${base} + node))"`);
    const run = () => promisify(execFile)('sh', ['-c', script]);
    await run();
    // What has been done before is refused, and does no harm.
    await run();
    const url = read('client/redis-url');
    expect(url).toMatch(/@redis-1:6379,redis-2:6379,redis-3:6379$/);
    const [, user = ''] = /^(.*@)/.exec(url) ?? [];
    const connection = connectForWork({ url: `${user}127.0.0.1:${base + 1}`, name: 'test', scripts: [] });
    await untilConnected(connection);
    for (const [i, slot] of ['a', 'b', 'c'].entries())
      expect(await connection.set(`mr:{${slot}}`, i)).toBe('OK');
    connection.disconnect();
    const nodes = asOperator(base + 1, 'cluster', 'nodes');
    expect([nodes.match(/ (myself,)?master /g)?.length, nodes.match(/ slave /g)?.length]).toEqual([3, 3]);
  });
});

const NODES = [1, 2, 3, 4, 5, 6];

/** A port before six free ones, whose ports for the other nodes are free as well. */
async function freePorts(): Promise<number> {
  const base = 10_000 + Math.floor(Math.random() * 20_000);
  const ports = NODES.flatMap((node) => [base + node, base + node + 10_000]);
  const areFree = await Promise.all(ports.map(isFree));
  return areFree.includes(false) ? freePorts() : base;
}

/** The command of the service that makes the Cluster, as the shell gets it. */
function clusterScript(): string {
  const { services } = parse(readInProject('docker-compose.cluster.yml'), { merge: true });
  return services.cluster.command[2].replaceAll('$$', '$');
}
