import { expect, it } from 'vitest';
import { checkServerKind } from '../../../../src/doctor/checks/redis/server-kind.ts';

const findings = (members: Record<string, string>) =>
  checkServerKind(new Map(Object.entries(members))).map(({ id, level }) => [id, level]);

it.each([
  [{ redis_version: '7.0.0', role: 'master' }, [['redis-version', 'ok']]],
  [{ redis_version: '6.2.24' }, [['redis-version', 'fault']]],
  [{ redis_version: '7.2.4', valkey_version: '7.2.14' }, [['redis-version', 'ok']]],
  [{ redis_version: '7.2.4', valkey_version: '7.1.0' }, [['redis-version', 'fault']]],
  [{ redis_version: '6.3.4', mvcc_depth: '0' }, [['redis-kind', 'fault']]],
  [{ redis_version: '7.4.0', dragonfly_version: 'df-v1.30.0' }, [['redis-kind', 'warning']]],
  [
    { redis_version: '8.0.0', cluster_enabled: '1' },
    [
      ['redis-version', 'ok'],
      ['redis-cluster', 'fault'],
    ],
  ],
  [
    { redis_version: '8.0.0', redis_mode: 'cluster' },
    [
      ['redis-version', 'ok'],
      ['redis-cluster', 'fault'],
    ],
  ],
  [
    { redis_version: '8.0.0', role: 'slave' },
    [
      ['redis-version', 'ok'],
      ['redis-role', 'fault'],
    ],
  ],
])('judges %j', (members, expected) => {
  expect(findings(members)).toEqual(expected);
});
