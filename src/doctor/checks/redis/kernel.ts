import { type Finding, note, ok, warning } from '../../finding.ts';
import { type Reading, valueIn } from '../../readings/reading.ts';
import type { HostReadings, RedisReadings } from '../../readings/readings.ts';

const TURN_OFF =
  'Run as root: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled. Or set disable-thp yes in redis.conf and restart Redis.';

/** Settings of the kernel under Redis. On another machine only Redis itself can tell. */
export function checkKernel(host: HostReadings, redis: RedisReadings): Finding[] {
  return [...checkHugePages(host, redis), ...(redis.isLocal ? checkOvercommit(host) : [])];
}

function checkHugePages(host: HostReadings, redis: RedisReadings): Finding[] {
  const told = /huge pages/i.test(valueIn(redis.latencyDoctor) ?? '');
  if (told || (redis.isLocal && getsHugePages(host, redis.config))) {
    return [
      warning('huge-pages', {
        what: 'Redis gets transparent huge pages.',
        why: 'While Redis writes its files, each change copies 2 MiB instead of 4 KiB: commands wait, and memory grows.',
        todo: TURN_OFF,
      }),
    ];
  }
  return redis.isLocal && host.hugePages !== undefined
    ? [ok('huge-pages', 'Redis gets no transparent huge pages.')]
    : [];
}

function getsHugePages(host: HostReadings, config: Reading<ReadonlyMap<string, string>>): boolean {
  if (host.hugePages?.includes('[always]') !== true) return false;
  return host.redisGetsHugePages ?? valueIn(config)?.get('disable-thp') === 'no';
}

function checkOvercommit({ overcommit }: HostReadings): Finding[] {
  if (overcommit !== '0' && overcommit !== '2') return [];
  return [
    note('overcommit', {
      what: `The kernel may refuse memory to Redis when it writes its files (vm.overcommit_memory is ${overcommit}).`,
      why: 'A rewrite of the append-only file can fail on a machine whose memory is more than half full.',
      todo: 'Run as root: sysctl vm.overcommit_memory=1. Then put it into /etc/sysctl.conf.',
    }),
  ];
}
