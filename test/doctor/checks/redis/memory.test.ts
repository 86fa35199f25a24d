import { expect, it } from 'vitest';
import { checkMemory } from '../../../../src/doctor/checks/redis/memory.ts';

const GIB = 1_073_741_824;
const sound = { maxmemory_policy: 'noeviction', evicted_keys: '0', used_memory: '1000', maxmemory: '0' };

const wrong = (members: Record<string, string>) =>
  checkMemory(new Map(Object.entries({ ...sound, ...members })))
    .filter(({ level }) => level !== 'ok')
    .map(({ id, level }) => [id, level]);

it.each([
  [{}, []],
  [{ maxmemory_policy: 'allkeys-lru' }, [['eviction-policy', 'fault']]],
  [{ evicted_keys: '3' }, [['evicted', 'fault']]],
  [{ maxmemory: '1230' }, [['memory', 'warning']]],
  [{ maxmemory: '1010' }, [['memory', 'fault']]],
  [{ total_system_memory: '1100' }, [['memory', 'warning']]],
  [{ total_system_memory: '9000' }, []],
  [
    { used_memory: String(GIB), used_memory_rss: String(2 * GIB), mem_fragmentation_ratio: '2.0' },
    [['fragmentation', 'note']],
  ],
  [{ used_memory: '1000', used_memory_rss: '9000', mem_fragmentation_ratio: '9.0' }, []],
  [{ used_memory: '9000', used_memory_rss: '4500', mem_fragmentation_ratio: '0.5' }, []],
  [
    { used_memory: String(2 * GIB), used_memory_rss: String(GIB), mem_fragmentation_ratio: '0.5' },
    [['swapped', 'warning']],
  ],
])('judges %j', (members, expected) => {
  expect(wrong(members as Record<string, string>)).toEqual(expected);
});
