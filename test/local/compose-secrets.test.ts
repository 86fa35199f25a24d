import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startRedis } from '../../src/local/redis-server.ts';
import { freePort } from '../../src/local/redis-settings.ts';
import { connectForWork } from '../../src/redis/connect.ts';
import { pathInProject } from '../helpers/local/pages.ts';
import { untilConnected, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis({ port: await freePort() });
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mr-secrets-'));
  for (const volume of ['api', 'client', 'redis']) mkdirSync(join(dir, volume));
});
afterEach(() => rmSync(dir, { recursive: true }));

const make = (env: NodeJS.ProcessEnv = {}) =>
  execFileSync(process.execPath, [pathInProject('scripts/compose-secrets.mjs'), dir], { env });
const read = (file: string) => readFileSync(join(dir, file), 'utf8').trim();
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
