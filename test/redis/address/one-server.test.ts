import { describe, expect, it, onTestFinished } from 'vitest';
import { serverOptions } from '../../../src/redis/address/one-server.ts';
import { parseRedisUrl } from '../../../src/redis/address/redis-url.ts';
import { connectForWork, whenReady } from '../../../src/redis/connect.ts';
import { contactAdvice } from '../../../src/redis/server/contact.ts';
import { asServer, until, untilConnected, useRedis } from '../../helpers/redis/server.ts';
import { addUser } from '../../helpers/redis/user.ts';

const optionsOf = (text: string) => {
  const place = parseRedisUrl(text);
  return place?.topology === 'single' ? serverOptions(place, { ca: 'a' }) : undefined;
};
const PLAIN = { host: 'h', db: 0, family: 0 };

it.each([
  ['redis://h', PLAIN],
  ['REDIS://h:1/', { ...PLAIN, port: 1 }],
  ['redis://[::1]:1/2', { ...PLAIN, host: '::1', port: 1, db: 2 }],
  ['redis://h/3/?family=6', { ...PLAIN, db: 3, family: 6 }],
  ['redis://:p%40%3A%2F%25%23%3Fü@h', { ...PLAIN, password: 'p@:/%#?ü' }],
  ['redis://u%40@h', { ...PLAIN, username: 'u@' }],
  ['rediss://u:p@h', { ...PLAIN, username: 'u', password: 'p', tls: { ca: 'a' } }],
  ['redis://h?maxRetriesPerRequest=9&tls=true&protocol=3&db=1', PLAIN],
  ['unix:///run/a%20b', { path: '/run/a b' }],
  ['unix://u:p%40@/run/a', { path: '/run/a', username: 'u', password: 'p@' }],
])('%s says where one server is', (text, expected) => {
  expect(optionsOf(text)).toEqual(expected);
});

describe('a database', () => {
  const redis = useRedis({ port: 0, settings: { databases: '2' } });

  const connect = (url: string) => {
    const faults: string[] = [];
    const onError = ({ message }: Error) => void faults.push(message);
    const connection = asServer(connectForWork({ url, name: 'test', scripts: [], onError }));
    onTestFinished(() => connection.disconnect());
    return { connection, faults };
  };

  it('is used', async () => {
    const { connection } = connect(`${redis.url}/1`);
    await untilConnected(connection);
    expect(await connection.client('INFO')).toContain(' db=1 ');
  });

  it.each([
    ['that Redis lacks', async () => `${redis.url}/2`, /number at the end of REDIS_URL/],
    [
      'that the user may not select',
      async () => `${await addUser(redis, 'u', ['~*', '+@all', '-select'])}/1`,
      /\+select/,
    ],
  ])('%s is not replaced by another one', async (_, url, advice) => {
    const { connection, faults } = connect(await url());
    await until(() => faults.length > 1, 'two tries');
    expect(await whenReady(connection, 0)).toBe(false);
    expect(contactAdvice(faults[0] ?? '')).toMatch(advice);
    expect(new Set(faults).size).toBe(1);
  });
});
