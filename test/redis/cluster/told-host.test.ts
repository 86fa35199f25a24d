import { expect, it } from 'vitest';
import { toldHost } from '../../../src/redis/cluster/told-host.ts';

it.each([
  [['a', 1, 'id', []], 'a'],
  [[Buffer.from('a'), 1], 'a'],
  [[null, 1], 'asked'],
  [[Buffer.from(''), 1], 'asked'],
  [['?', 1, 'id', ['hostname', '', 'ip', '::1']], '::1'],
  [[Buffer.from('?'), 1, 'id', [Buffer.from('ip'), Buffer.from('10.0.0.1')]], '10.0.0.1'],
  [['?', 1, 'id', ['ip', '']], 'asked'],
] as const)('a node told as %j is at %s', (node, host) => {
  expect(toldHost(node, 'asked')).toBe(host);
});
