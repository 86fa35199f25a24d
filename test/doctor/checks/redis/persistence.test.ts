import { expect, it } from 'vitest';
import { checkPersistence } from '../../../../src/doctor/checks/redis/persistence.ts';

const map = (members: Record<string, string>) => new Map(Object.entries(members));
const judge = (info: Record<string, string>, config?: Record<string, string>) =>
  checkPersistence(map(info), config === undefined ? { refused: 'NOPERM' } : { value: map(config) })[0];

it.each([
  [{ aof_enabled: '0' }, { appendfsync: 'always' }, 'fault'],
  [{ aof_enabled: '1', aof_last_write_status: 'err' }, { appendfsync: 'always' }, 'fault'],
  [{ aof_enabled: '1', aof_last_bgrewrite_status: 'err' }, { appendfsync: 'always' }, 'fault'],
  [{ aof_enabled: '1' }, { appendfsync: 'no' }, 'warning'],
  [{ aof_enabled: '1' }, { appendfsync: 'always', 'no-appendfsync-on-rewrite': 'yes' }, 'warning'],
  [{ aof_enabled: '1' }, { appendfsync: 'everysec' }, 'note'],
  [{ aof_enabled: '1' }, undefined, 'note'],
  [{ aof_enabled: '1' }, { appendfsync: 'always' }, 'ok'],
])('judges %j and %j as %s', (info, config, level) => {
  expect(judge(info as Record<string, string>, config as Record<string, string> | undefined)?.level).toBe(
    level,
  );
});

it('says how much a crash would lose', () => {
  const finding = judge({
    aof_enabled: '0',
    rdb_changes_since_last_save: '17',
    rdb_last_bgsave_status: 'err',
  });
  expect(finding?.what).toBe(
    'Redis keeps no append-only file, and its last snapshot failed. 17 changes are only in memory.',
  );
});
