import type { ReachedRedis, RedisReadings } from '../../../src/doctor/readings/readings.ts';

/** What a Redis tells in which nothing is wrong, with changes. */
export const redisReadings = (changes: Partial<RedisReadings> = {}): RedisReadings => ({
  node: '',
  isLocal: true,
  info: {
    value: new Map([
      ['redis_version', '99.0.0'],
      ['aof_enabled', '1'],
      ['role', 'master'],
    ]),
  },
  config: { value: new Map([['appendfsync', 'always']]) },
  pings: { value: [0.2, 0.3] },
  clock: { value: { skewMs: 0, errorMs: 0.1 } },
  slowLog: { value: [] },
  latencyDoctor: { value: '' },
  acl: { value: { user: 'default', denied: new Map() } },
  configurations: { value: {} },
  ...changes,
});

/** A Redis of one server, with what it tells. */
export const reachedRedis = (server: RedisReadings = redisReadings()): ReachedRedis => ({
  address: 'redis://127.0.0.1:6379',
  servers: [server],
  silent: [],
  topology: { kind: 'single' },
});
