import { describe, expect, it } from 'vitest';
import { hostsOf, parseRedisUrl, withoutSecrets } from '../../../src/redis/address/redis-url.ts';

const sentinels = {
  topology: 'sentinel',
  isTls: false,
  user: '',
  password: '',
  endpoints: [{ host: 'a', port: 26_379 }],
  primaryName: 'main',
};
const cluster = {
  topology: 'cluster',
  isTls: false,
  user: '',
  password: '',
  endpoints: [{ host: 'a', port: 6_379 }],
};

describe('REDIS_URL', () => {
  it.each([
    ['redis+sentinel://a/main', sentinels],
    ['rediss+sentinel://a/main', { ...sentinels, isTls: true }],
    [
      'redis+sentinel://u%40:p%2F%3A:x@a:1,[::1]:2,10.0.0.1/m-1._',
      {
        ...sentinels,
        user: 'u@',
        password: 'p/::x',
        endpoints: [
          { host: 'a', port: 1 },
          { host: '::1', port: 2 },
          { host: '10.0.0.1', port: 26_379 },
        ],
        primaryName: 'm-1._',
      },
    ],
    ['redis+sentinel://:secret@a/main', { ...sentinels, password: 'secret' }],
    ['redis+cluster://a', cluster],
    ['rediss+cluster://u:p@a/', { ...cluster, isTls: true, user: 'u', password: 'p' }],
    [
      'redis+cluster://a:7001,b:7002',
      {
        ...cluster,
        endpoints: [
          { host: 'a', port: 7_001 },
          { host: 'b', port: 7_002 },
        ],
      },
    ],
  ])('names several servers: %s', (text, expected) => {
    expect(parseRedisUrl(text)).toEqual(expected);
  });

  it.each([
    ['redis://h', false],
    ['rediss://u:p@h:1/2', true],
    ['unix:///run/r.sock', false],
  ])('names one server: %s', (text, isTls) => {
    expect(parseRedisUrl(text)).toEqual({ topology: 'single', isTls, url: new URL(text) });
  });

  it.each([
    'h:6379',
    'http://h',
    'unix:',
    'unix://run/r.sock',
    'unix:///run/100%',
    'redis://',
    'redis://:100%@h',
    'redis://h/name',
    'redis://h/1/2',
    'redis+sentinel://a',
    'redis+sentinel://a/',
    'redis+sentinel:///main',
    'redis+sentinel://a,/main',
    'redis+sentinel://a:0/main',
    'redis+sentinel://a:65536/main',
    'redis+sentinel://a:x/main',
    'redis+sentinel://a/main/2',
    'redis+sentinel://a/ma in',
    'redis+sentinel://%zz@a/main',
    'redis+sentinel://a/main?family=6',
    'redis+cluster://a/2',
    'redis+cluster://a b',
    'redis+other://a',
    'unix+sentinel://a/main',
  ])('is not %s', (text) => {
    expect(parseRedisUrl(text)).toBeUndefined();
  });

  it.each([
    ['redis+sentinel://user:secret@a,[::1]:2/main', 'redis+sentinel://a:26379,[::1]:2/main', ['a', '::1']],
    ['rediss+cluster://:secret@a,b:7', 'rediss+cluster://a:6379,b:7', ['a', 'b']],
    ['redis://user:secret@[::1]:6379/0?x=secret', 'redis://[::1]:6379/0', ['::1']],
    ['unix:///run/redis.sock', 'unix:/run/redis.sock', []],
    ['unix://user:secret@/run/redis.sock', 'unix:/run/redis.sock', []],
    ['nonsense with secret', 'the address in REDIS_URL', []],
  ])('is shown without secrets: %s', (text, shown, hosts) => {
    expect(withoutSecrets(text)).toBe(shown);
    expect(hostsOf(text)).toEqual(hosts);
  });
});
