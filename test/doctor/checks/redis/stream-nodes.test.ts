import { expect, it } from 'vitest';
import { checkStreamNodes } from '../../../../src/doctor/checks/redis/stream-nodes.ts';

it.each([
  ['4', '1024', 'ok'],
  ['100', '1024', 'note'],
  ['4', '4096', 'note'],
  ['0', '1024', 'note'],
  ['4', '0', 'note'],
])('nodes of %s entries and %s bytes: %s', (entries, bytes, level) => {
  const config = new Map([
    ['stream-node-max-entries', entries],
    ['stream-node-max-bytes', bytes],
  ] as const);
  expect(checkStreamNodes({ value: config })[0]?.level).toBe(level);
});

it('says nothing where Redis does not tell', () => {
  expect(checkStreamNodes({ refused: 'NOPERM' })).toEqual([]);
});
