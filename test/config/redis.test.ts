import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { redisTarget, replicaAck, topologyOf } from '../../src/config/redis.ts';
import { ConfigError, loadConfig } from '../../src/config.ts';
import { FIRST, SECOND } from '../helpers/tls/pairs.ts';

let dir: string;
const file = (name: string) => join(dir, name);
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-redis-settings-'));
  await writeFile(file('ca'), FIRST.cert);
  await writeFile(file('cert'), FIRST.cert);
  await writeFile(file('key'), FIRST.key);
  await writeFile(file('other-key'), SECOND.key);
  await writeFile(file('text'), 'nothing');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const faultsOf = (env: NodeJS.ProcessEnv): string => {
  try {
    loadConfig(env);
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.join('\n');
    throw error;
  }
};
const TLS = { REDIS_URL: 'rediss://h' };

it('reads the files for TLS', () => {
  const env = {
    ...TLS,
    REDIS_CA_FILE: file('ca'),
    REDIS_CERT_FILE: file('cert'),
    REDIS_KEY_FILE: file('key'),
  };
  const tls = { ca: FIRST.cert, cert: FIRST.cert, key: FIRST.key };
  expect(redisTarget(loadConfig(env))).toEqual({ url: 'rediss://h', tls });
  expect(redisTarget(loadConfig(TLS))).toEqual({ url: 'rediss://h', tls: {} });
  expect(redisTarget(loadConfig({}))).toEqual({ url: 'redis://127.0.0.1:6379' });
  expect(topologyOf(loadConfig({}))).toBe('single');
});

it('takes sentinels, with their user, password and a map of addresses', () => {
  const redisUrl = 'redis+sentinel://a,b/main';
  const sentinels = { SENTINEL_USER: 'u', SENTINEL_PASSWORD: 'x' };
  const config = loadConfig({ REDIS_URL: redisUrl, ...sentinels, REDIS_NAT_MAP: 'a:1=b:2' });
  const natMap = new Map([['a:1', { host: 'b', port: 2 }]]);
  expect(redisTarget(config)).toEqual({ url: redisUrl, sentinelUser: 'u', sentinelPassword: 'x', natMap });
  expect(topologyOf(config)).toBe('sentinel');
});

it('waits for replicas only where it is told to', () => {
  expect(replicaAck(loadConfig({}))).toBeUndefined();
  expect(replicaAck(loadConfig({ REPLICAS_ACK: '2' }))).toEqual({ replicas: 2, withinMs: 300 });
});

it.each<[NodeJS.ProcessEnv, RegExp]>([
  [{ REDIS_CA_FILE: 'ca' }, /^REDIS_CA_FILE has no effect .* let REDIS_URL begin with rediss/],
  [
    { REDIS_CERT_FILE: 'cert', REDIS_KEY_FILE: 'key' },
    /REDIS_CERT_FILE has no effect .*REDIS_KEY_FILE has no effect/,
  ],
  [{ SENTINEL_PASSWORD: 'x' }, /^SENTINEL_PASSWORD has no effect .* redis\+sentinel:\/\//],
  [{ SENTINEL_USER: 'x', SENTINEL_PASSWORD: 'x' }, /^SENTINEL_USER has no effect/],
  [{ REDIS_URL: 'redis+sentinel://a/main', SENTINEL_USER: 'x' }, /^SENTINEL_USER .*set SENTINEL_PASSWORD/],
  [{ REDIS_NAT_MAP: 'a:1=b:2' }, /^REDIS_NAT_MAP has no effect/],
  [{ ...TLS, REDIS_CA_FILE: 'none' }, /^REDIS_CA_FILE names a file that cannot be read: ENOENT/],
  [{ ...TLS, REDIS_CA_FILE: 'text' }, /^REDIS_CA_FILE holds no certificate/],
  [{ ...TLS, REDIS_CERT_FILE: 'cert' }, /^REDIS_CERT_FILE and REDIS_KEY_FILE go together/],
  [{ ...TLS, REDIS_CERT_FILE: 'cert', REDIS_KEY_FILE: 'other-key' }, /does not belong to the certificate/],
  [{ REDIS_NAT_MAP: 'a' }, /^REDIS_NAT_MAP is "a": must be pairs/],
  [{ REPLICAS_ACK: '1.5' }, /^REPLICAS_ACK is "1.5": must be an integer from 0 to 100/],
  [{ REPLICAS_ACK: '-1' }, /^REPLICAS_ACK is "-1"/],
  [{ REPLICAS_ACK_MS: '601' }, /^REPLICAS_ACK_MS is "601": must be an integer from 1 to 600/],
  [{ REDIS_URL: 'redis+cluster://a/name' }, /^REDIS_URL is not valid: must be/],
  [{ REDIS_URL: 'redis+sentinel://a' }, /^REDIS_URL is not valid: must be/],
  [{ REDIS_URL: 'redis://:100%@a' }, /^REDIS_URL is not valid: must be .*encoded/],
  [
    { REDIS_URL: 'redis://a?ssl=true&family=6' },
    /^REDIS_URL has options that are not taken: ssl\. .*rediss:/,
  ],
  [{ REDIS_URL: 'redis://a?family=IPv6' }, /^REDIS_URL has options that are not taken: family\./],
  [{ REDIS_URL: 'unix:///a?db=1' }, /^REDIS_URL has options that are not taken: db\./],
])('refuses %j at start', (env, fault) => {
  const isFile = (name: string) => /^REDIS_(CA|CERT|KEY)_FILE$/.test(name);
  const full = Object.entries(env).map(([name, value = '']) => [name, isFile(name) ? file(value) : value]);
  expect(faultsOf(Object.fromEntries(full))).toMatch(fault);
});

it('judges no other setting by a URL that is wrong', () => {
  expect(faultsOf({ REDIS_URL: 'http://h', REDIS_CA_FILE: file('ca') }).split('\n')).toHaveLength(1);
});

it('does not show what is secret', () => {
  const all = faultsOf({ REDIS_URL: 'redis+cluster://user:hidden@a', SENTINEL_PASSWORD: 'hidden' });
  expect(all + faultsOf({ REDIS_URL: 'redis://a?password=hidden' })).not.toContain('hidden');
});
