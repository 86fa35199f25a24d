import { expect, it } from 'vitest';
import { parseInfo } from '../../../src/redis/server/info.ts';
import { replicasOf, serverFaults, serverKind } from '../../../src/redis/server/kind.ts';

it.each([
  [{ redis_version: '8.2.9' }, 'Redis', '8.2.9'],
  [{ redis_version: '7.2.4', valkey_version: '8.1.9', server_name: 'valkey' }, 'Valkey', '8.1.9'],
  [{ redis_version: '6.3.4', executable: '/usr/bin/keydb-server' }, 'KeyDB', '6.3.4'],
  [{ redis_version: '7.4.0', dragonfly_version: 'df-v1.30.0' }, 'Dragonfly', 'df-v1.30.0'],
])('tells servers apart: %j', (members, name, version) => {
  expect(serverKind(new Map(Object.entries(members)))).toEqual({ name, version });
});

it.each<[Record<string, string>, string[]]>([
  [{ redis_version: '7.0.0', redis_mode: 'standalone', role: 'master', cluster_enabled: '0' }, []],
  [{}, []],
  [{ redis_version: '6.2.24' }, ['redis-version']],
  [{ redis_version: '6.3.4', mvcc_depth: '0' }, ['redis-kind']],
  [{ redis_version: '7.0.0', redis_mode: 'sentinel', role: 'sentinel' }, ['redis-sentinel']],
  [
    { redis_version: '7.0.0', redis_mode: 'cluster', cluster_enabled: '1', role: 'slave' },
    ['redis-cluster', 'redis-role'],
  ],
])('finds what is wrong with %j', (members, ids) => {
  expect(serverFaults(new Map(Object.entries(members))).map(({ id }) => id)).toEqual(ids);
});

it('counts the replicas that follow now', () => {
  const info = parseInfo(
    'role:master\r\nconnected_slaves:3\r\nslave0:ip=a,port=1,state=online,offset=1,lag=0\r\nslave1:ip=b,port=1,state=wait_bgsave,offset=0,lag=0\r\nslave2:ip=c,port=1,state=online,offset=1,lag=1\r\nslave_expires:0\r\n',
  );
  expect(replicasOf(info)).toBe(2);
  expect(replicasOf(new Map())).toBe(0);
});
