import { expect, it } from 'vitest';
import { unfitness } from '../../src/core/redis-fitness.ts';

const FIT = {
  redis_version: '7.0.0',
  redis_mode: 'standalone',
  role: 'master',
  cluster_enabled: '0',
  loading: '0',
};

const infoOf = (more: Record<string, string> = {}) => new Map(Object.entries({ ...FIT, ...more }));

it.each<[string, Record<string, string>, RegExp]>([
  ['too old', { redis_version: '6.2.14' }, /^Redis 6\.2\.14 is too old\. Use Redis 7\.0 or newer/],
  ['a sentinel', { redis_mode: 'sentinel' }, /Sentinel/],
  ['in a cluster', { cluster_enabled: '1' }, /redis\+cluster:\/\//],
  ['a replica', { role: 'slave' }, /^Redis is a replica/],
  [
    'loading',
    { loading: '1', loading_eta_seconds: '7' },
    /^Redis still loads its data\. It will take some 7 s\.$/,
  ],
])('says that Redis is %s', (_, fields, reason) => {
  expect(unfitness(infoOf(fields))).toEqual([expect.stringMatching(reason)]);
});

it('finds no fault with Redis 7 and newer, Valkey, and a server that tells nothing', () => {
  for (const redis_version of ['7.0.0', '7.2.4', '8.2.1', '10.0.0']) {
    expect(unfitness(infoOf({ redis_version }))).toEqual([]);
  }
  expect(unfitness(new Map())).toEqual([]);
});
