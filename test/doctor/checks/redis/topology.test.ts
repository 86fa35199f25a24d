import { expect, it } from 'vitest';
import { checkTopology } from '../../../../src/doctor/checks/redis/topology.ts';
import type { TopologyReadings } from '../../../../src/doctor/readings/readings.ts';

const found = (topology: TopologyReadings) =>
  checkTopology(topology).map(({ id, level }) => `${id} ${level}`);
const cluster = (info: Record<string, string>, named = 2): TopologyReadings => ({
  kind: 'cluster',
  info: new Map(Object.entries(info)),
  named,
});
const sentinels = (...told: string[]): TopologyReadings => ({
  kind: 'sentinel',
  sentinels: told.map((primary, i) => ({
    sentinel: `s${i}:26379`,
    primary: primary === '' ? { refused: 'connect ECONNREFUSED' } : { value: primary },
  })),
});

it.each([
  ['one Redis', { kind: 'single' }, []],
  [
    'a whole Cluster',
    cluster({ cluster_slots_assigned: '16384', cluster_slots_fail: '0' }),
    ['cluster-slots ok'],
  ],
  ['slots without a node', cluster({ cluster_slots_assigned: '16000' }), ['cluster-slots fault']],
  [
    'a failed primary',
    cluster({ cluster_slots_assigned: '16384', cluster_slots_fail: '7' }),
    ['cluster-slots fault'],
  ],
  [
    'one named node',
    cluster({ cluster_slots_assigned: '16384' }, 1),
    ['cluster-slots ok', 'cluster-nodes note'],
  ],
  ['agreeing sentinels', sentinels('a:1', 'a:1', 'a:1'), ['sentinels ok']],
  ['a sentinel that is away', sentinels('a:1', '', 'a:1'), ['sentinels warning']],
  ['sentinels that differ', sentinels('a:1', 'b:1', 'a:1'), ['sentinels warning']],
  ['one sentinel', sentinels('a:1'), ['sentinel-count note']],
] as const)('judges %s', (_name, topology, expected) => {
  expect(found(topology as TopologyReadings)).toEqual(expected);
});
