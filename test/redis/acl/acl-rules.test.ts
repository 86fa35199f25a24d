import { beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../src/local/redis-settings.ts';
import { aclRules } from '../../../src/redis/acl/acl-rules.ts';
import { connectForWork } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import { scripts } from '../../../src/scripts.ts';
import { readInProject } from '../../helpers/local/pages.ts';
import { untilConnected, useRedis } from '../../helpers/redis/server.ts';

const PASSWORD = 'a-password-of-this-test';
const redis = useRedis({ port: await freePort() });
let minimal: Connection;

beforeAll(async () => {
  await redis.client.acl('SETUSER', 'millrace', 'on', `>${PASSWORD}`, ...aclRules('mr').split(' '));
  const url = new URL(redis.url);
  url.username = 'millrace';
  url.password = PASSWORD;
  minimal = connectForWork({ url: url.href, name: 'minimal', scripts });
  await untilConnected(minimal);
  return () => minimal.disconnect();
});

/** What Redis refused since the last look. */
async function denied(): Promise<unknown[]> {
  const log = (await redis.client.acl('LOG')) as unknown[];
  await redis.client.acl('LOG', 'RESET');
  return log;
}

describe('the user of API and workers', () => {
  it('is the one of deploy/redis/users.acl', () => {
    const [, published] = readInProject('deploy/redis/users.acl').split('\n');
    expect(published).toBe(`user millrace on >CHANGE-ME ${aclRules('mr')}`);
  });

  it('is the one of docs/how-to/scale.md', () => {
    expect(readInProject('docs/how-to/scale.md').split('\n')).toContain(
      `user millrace on >CHANGE-ME ${aclRules('mr')}`,
    );
  });

  it('may send what the health check of the image sends', () => {
    const sent = [...readInProject('scripts/health.mjs').matchAll(/\bredis\.(\w+)\(/g)].map(
      ([, name]) => name,
    );
    const known = aclRules('mr').split(' ');
    expect(sent).toContain('time');
    expect(sent.filter((name) => name !== 'disconnect' && !known.includes(`+${name}`))).toEqual([]);
  });

  it('connects without a command that Redis refuses', async () => {
    expect(await denied()).toEqual([]);
  });

  it.each([
    ['a key of another prefix', () => minimal.get('other:key')],
    ['a key that only begins like the prefix', () => minimal.get('mr')],
    ['the data of all', () => minimal.flushall()],
    ['settings', () => minimal.config('SET', 'maxmemory', '1')],
    ['the names of all keys', () => minimal.keys('*')],
    ['other users', () => minimal.acl('LIST')],
    ['other connections', () => minimal.client('LIST')],
    ['channels', () => minimal.publish('mr:channel', 'text')],
    ['the server', () => minimal.shutdown()],
    ['other servers', () => minimal.replicaof('127.0.0.1', 1)],
  ])('may not touch %s', async (_, attempt) => {
    await expect(attempt()).rejects.toThrow(/^NOPERM/);
    expect(await denied()).toHaveLength(1);
  });
});
