import { numberOf } from '../../../redis/server/info.ts';
import { type Finding, fault, note, ok, warning } from '../../finding.ts';

type Info = ReadonlyMap<string, string>;

const FULL = 0.95;
const NEARLY_FULL = 0.8;
const FRAGMENTED = 1.5;
/** A small Redis is always fragmented. */
const WASTE_BYTES = 256 * 1_048_576;
const SWAPPED = 0.8;

const mebibytes = (bytes: number): string => `${Math.round(bytes / 1_048_576).toLocaleString('en-US')} MiB`;

/** Eviction, and how much memory is left. */
export const checkMemory = (info: Info): Finding[] => [
  ...checkPolicy(info),
  ...checkEvictions(info),
  ...checkRoom(info),
  ...checkFragmentation(info),
];

function checkPolicy(info: Info): Finding[] {
  const policy = info.get('maxmemory_policy');
  if (policy === undefined) return [];
  if (policy === 'noeviction')
    return [ok('eviction-policy', 'Redis does not evict keys (maxmemory-policy noeviction).')];
  return [
    fault('eviction-policy', {
      what: `The maxmemory-policy is ${policy}.`,
      why: 'When memory is full, Redis deletes jobs and results silently. The API is not ready with it.',
      todo: 'Run: redis-cli CONFIG SET maxmemory-policy noeviction. Then put it into redis.conf.',
    }),
  ];
}

function checkEvictions(info: Info): Finding[] {
  const evicted = numberOf(info, 'evicted_keys') ?? 0;
  if (evicted === 0) return [];
  return [
    fault('evicted', {
      what: `Redis has evicted ${evicted.toLocaleString('en-US')} keys since it started.`,
      why: 'Jobs, results or whole queues may be gone.',
      todo: 'Set maxmemory-policy noeviction and give Redis more memory. Submit lost jobs again. redis-cli CONFIG RESETSTAT clears the count.',
    }),
  ];
}

function checkRoom(info: Info): Finding[] {
  const used = numberOf(info, 'used_memory');
  const limit = numberOf(info, 'maxmemory') ?? 0;
  if (used === undefined) return [];
  const machine = numberOf(info, 'total_system_memory') ?? 0;
  const most = limit > 0 ? limit : machine;
  const of = limit > 0 ? 'its maxmemory' : 'the memory of its machine';
  const share = most > 0 ? used / most : 0;
  const what = `Redis uses ${mebibytes(used)}${most > 0 ? `, ${Math.round(share * 100)} % of ${of} of ${mebibytes(most)}` : ''}.`;
  if (share < NEARLY_FULL) return [ok('memory', what)];
  const advice = {
    what,
    why: limit > 0 ? 'At 100 % Redis refuses new jobs.' : 'At 100 % the kernel kills Redis.',
    todo: 'Give Redis more memory, add workers to shorten the backlog, or lower RESULT_TTL_MS. GET /queues/{name}/stats shows the memory of a queue.',
  };
  return [share >= FULL ? fault('memory', advice) : warning('memory', advice)];
}

function checkFragmentation(info: Info): Finding[] {
  const ratio = numberOf(info, 'mem_fragmentation_ratio');
  const used = numberOf(info, 'used_memory') ?? 0;
  const resident = numberOf(info, 'used_memory_rss') ?? used;
  if (ratio === undefined) return [];
  if (ratio > FRAGMENTED && resident - used > WASTE_BYTES) {
    return [
      note('fragmentation', {
        what: `Redis holds ${mebibytes(resident)} for ${mebibytes(used)} of data (fragmentation ${ratio}).`,
        why: 'The rest is lost until Redis gets it back.',
        todo: 'Run: redis-cli CONFIG SET activedefrag yes.',
      }),
    ];
  }
  if (ratio > 0 && ratio < SWAPPED && used - resident > WASTE_BYTES) {
    return [
      warning('swapped', {
        what: `Only ${mebibytes(resident)} of the ${mebibytes(used)} of Redis are in memory.`,
        why: 'The rest is swapped out, so commands wait for the disk.',
        todo: 'Give the machine more memory, or turn off swap for Redis.',
      }),
    ];
  }
  return [];
}
