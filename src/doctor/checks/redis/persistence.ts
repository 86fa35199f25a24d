import { type Finding, fault, note, ok, warning } from '../../finding.ts';
import { type Reading, valueIn } from '../../readings/reading.ts';

type Texts = ReadonlyMap<string, string>;

/** Whether accepted jobs are on disk. */
export function checkPersistence(info: Texts, config: Reading<Texts>): Finding[] {
  if (info.get('aof_enabled') !== '1') return [withoutAof(info)];
  const failed =
    info.get('aof_last_write_status') === 'err' || info.get('aof_last_bgrewrite_status') === 'err';
  return failed ? [aofFailed(info)] : checkFsync(config);
}

function withoutAof(info: Texts): Finding {
  const failed = info.get('rdb_last_bgsave_status') === 'err';
  // The time of the start counts as a save.
  const changes = Number(info.get('rdb_changes_since_last_save') ?? 0);
  return fault('persistence', {
    what: `Redis keeps no append-only file${failed ? ', and its last snapshot failed' : ''}. ${changes} changes are only in memory.`,
    why: 'A crash of Redis loses every job since the last snapshot, although clients got their ids.',
    todo: 'Run: redis-cli CONFIG SET appendonly yes. Then put appendonly yes and appendfsync always into redis.conf.',
  });
}

function aofFailed(info: Texts): Finding {
  const part = info.get('aof_last_write_status') === 'err' ? 'write to' : 'rewrite of';
  return fault('persistence', {
    what: `The last ${part} the append-only file failed.`,
    why: 'Redis refuses writes, or its file grows without end.',
    todo: 'Look into the log of Redis. Mostly the disk is full (df -h), or the kernel refuses memory to a fork (sysctl vm.overcommit_memory=1).',
  });
}

function checkFsync(config: Reading<Texts>): Finding[] {
  const mode = valueIn(config)?.get('appendfsync');
  const set = 'Run: redis-cli CONFIG SET appendfsync always. Then put it into redis.conf.';
  if (mode === 'always' && valueIn(config)?.get('no-appendfsync-on-rewrite') === 'yes') {
    return [
      warning('persistence', {
        what: 'Redis does not wait for the disk while it rewrites its append-only file (no-appendfsync-on-rewrite yes).',
        why: 'A crash of the machine in that time loses accepted jobs.',
        todo: 'Run: redis-cli CONFIG SET no-appendfsync-on-rewrite no. Then put it into redis.conf.',
      }),
    ];
  }
  if (mode === 'always') {
    return [ok('persistence', 'Each accepted job is on disk before its answer (appendfsync always).')];
  }
  if (mode === 'everysec') {
    return [
      note('persistence', {
        what: 'Redis writes to disk once a second (appendfsync everysec).',
        why: 'A crash of the machine can lose the jobs of the last second. A crash of Redis alone loses none.',
        todo: set,
      }),
    ];
  }
  if (mode === undefined) {
    return [
      note('persistence', {
        what: 'There is an append-only file. Redis does not tell when it writes to disk.',
        why: 'CONFIG GET is refused, as managed services do.',
        todo: 'Look up appendfsync in the settings of the service: always is the safe value.',
      }),
    ];
  }
  return [
    warning('persistence', {
      what: `The system decides when jobs are written to disk (appendfsync ${mode}).`,
      why: 'A crash of the machine loses the jobs of up to half a minute.',
      todo: set,
    }),
  ];
}
