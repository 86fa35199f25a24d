import { expect, it } from 'vitest';
import { numberOf, parseInfo } from '../../../src/redis/server/info.ts';

it('reads the members of INFO', () => {
  const info = parseInfo(
    '# Server\r\nredis_version:7.0.15\r\nexecutable:/a:b\r\n\r\n# Memory\r\nused_memory:12\r\n',
  );
  expect([...info]).toEqual([
    ['redis_version', '7.0.15'],
    ['executable', '/a:b'],
    ['used_memory', '12'],
  ]);
  expect(numberOf(info, 'used_memory')).toBe(12);
  expect(numberOf(info, 'maxmemory')).toBeUndefined();
});
