import { expect, it } from 'vitest';
import { parseNatMap, reachedAt } from '../../../src/redis/address/nat-map.ts';

it('says where a server is reached that others know by another address', () => {
  const map = parseNatMap('10.0.0.5:6379=redis-1:16379, [fd00::1]:6379=127.0.0.1:2');
  expect(reachedAt(map, { host: '10.0.0.5', port: 6_379 })).toEqual({ host: 'redis-1', port: 16_379 });
  expect(reachedAt(map, { host: 'fd00::1', port: 6_379 })).toEqual({ host: '127.0.0.1', port: 2 });
  const other = { host: '10.0.0.5', port: 6_380 };
  expect(reachedAt(map, other)).toBe(other);
  expect(reachedAt(undefined, other)).toBe(other);
});

it.each(['', 'a', 'a:1', 'a:1=', 'a:1=b', 'a=b:1', 'a:1=b:2=c:3', 'a:1=b:2,', 'a:x=b:1'])(
  'does not read %j',
  (text) => {
    expect(parseNatMap(text)).toBeUndefined();
  },
);
