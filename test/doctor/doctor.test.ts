import { describe, expect, it } from 'vitest';
import { examine } from '../../src/doctor/doctor.ts';
import { isWrong } from '../../src/doctor/finding.ts';
import { freePort } from '../../src/local/redis-settings.ts';
import { NEEDED_COMMANDS } from '../../src/redis/acl/needed-commands.ts';
import { queueKeys, queuesKey } from '../../src/redis/keys.ts';
import { useApi } from '../helpers/api/server.ts';
import { until, useRedis } from '../helpers/redis/server.ts';
import { addUser } from '../helpers/redis/user.ts';

const PORT = await freePort();
const NOWHERE = 'http://127.0.0.1:1';

/** Ids of what is wrong; the release of the Redis of this machine is not our affair. */
async function wrongWith(url: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const areas = await examine({ REDIS_URL: url, MILLRACE_URL: NOWHERE, ...env }, '/nowhere');
  const found = areas.flatMap(({ findings }) => findings);
  expect(JSON.stringify(found)).not.toContain('a-password');
  return found
    .filter((finding) => isWrong(finding) && !['known-holes', 'api', 'latency'].includes(finding.id))
    .map(({ id }) => id);
}

describe('a Redis as Millrace starts it', () => {
  const redis = useRedis({ persistent: true, port: PORT });
  const api = useApi(redis);

  it('is well, and so is an API on it', async () => {
    expect(await wrongWith(redis.url, { MILLRACE_URL: api.origin })).toEqual([]);
  });

  it('is left as it was', async () => {
    const before = await redis.client.dbsize();
    await wrongWith(redis.url);
    expect(await redis.client.dbsize()).toBe(before);
  });

  it('with a wrong password says only that', async () => {
    const { host } = new URL(redis.url);
    expect(await wrongWith(`redis://:other@${host}`)).toEqual(['redis-reachable']);
  });

  it('with a user that lacks a command', async () => {
    const allowed = NEEDED_COMMANDS.filter((name) => name !== 'xautoclaim').map((name) => `+${name}`);
    expect(await wrongWith(await addUser(redis, 'lacking', ['~mr:*', ...allowed]))).toEqual(['acl']);
  });

  it('with a user that may not ask for INFO and CONFIG is checked as far as it goes', async () => {
    const url = await addUser(redis, 'blind', [
      '~*',
      '+@all',
      '-info',
      '-config',
      '-acl',
      '-slowlog',
      '-latency',
    ]);
    expect(await wrongWith(url)).toEqual(['acl']);
  });

  it('with a backlog and no worker', async () => {
    const { stream } = queueKeys('mr', 'lonely');
    const [seconds] = await redis.client.time();
    await redis.client.xadd(
      stream.normal,
      `${(Number(seconds) - 3_600) * 1_000}-0`,
      't',
      'echo',
      'p',
      'null',
      'o',
      '{}',
    );
    await redis.client.sadd(queuesKey('mr'), 'lonely');
    expect(await wrongWith(redis.url, { MILLRACE_URL: api.origin })).toEqual(['no-workers']);
  });
});

describe('a Redis that is set up wrongly', () => {
  const redis = useRedis({
    settings: { maxmemory: '3mb', 'maxmemory-policy': 'allkeys-lru', 'stream-node-max-entries': '100' },
  });

  it('has no append-only file, evicts, and has evicted', async () => {
    for (let i = 0; i < 60; i += 1) await redis.client.set(`k${i}`, 'x'.repeat(100_000));
    await until(async () => /evicted_keys:[1-9]/.test(await redis.client.info('stats')), 'an eviction');
    const wrong = await wrongWith(redis.url);
    expect(wrong.slice(0, 3)).toEqual(['persistence', 'eviction-policy', 'evicted']);
  });
});

describe('a replica', () => {
  const redis = useRedis({ settings: { replicaof: '127.0.0.1 1' } });

  it('is a fault, and its many refusals leave no listeners behind', async () => {
    const warnings: string[] = [];
    const hear = ({ name }: Error) => warnings.push(name);
    process.on('warning', hear);
    expect(await wrongWith(redis.url)).toContain('redis-role');
    // A warning comes in the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', hear);
    expect(warnings).toEqual([]);
  });
});

describe('a Redis that hangs', () => {
  const redis = useRedis();

  it('is a finding after some seconds, not a hang', async () => {
    process.kill(redis.server.pid, 'SIGSTOP');
    try {
      expect(await wrongWith(redis.url)).toEqual(['redis-reachable']);
    } finally {
      process.kill(redis.server.pid, 'SIGCONT');
    }
  });
});

it('a Redis that is not there is a finding', async () => {
  expect(await wrongWith('redis://127.0.0.1:1')).toEqual(['redis-reachable']);
});
