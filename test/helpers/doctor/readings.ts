import type { RedisReadings } from '../../../src/doctor/readings/readings.ts';

/** What a Redis tells in which nothing is wrong, with changes. */
export const redisReadings = (changes: Partial<RedisReadings> = {}): RedisReadings => ({
  isLocal: true,
  info: {
    value: new Map([
      ['redis_version', '99.0.0'],
      ['aof_enabled', '1'],
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
