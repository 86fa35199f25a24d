import { beforeEach, describe, expect, it } from 'vitest';
import { extentOf, fieldOf, lastEventEntry, readEvents } from '../../src/events/log-reads.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

beforeEach(async () => {
  await redis.client.flushall();
  for (const id of ['1-0', '2-0', '3-0', '4-0']) await redis.client.xadd('a', id, 'e', 'started');
  await redis.client.xtrim('a', 'MAXLEN', 3);
});

describe('readEvents', () => {
  const starts = [
    { key: 'a', after: '2-0' },
    { key: 'none', after: '0-0' },
  ];

  it('reads at most `count` entries of each stream after its start', async () => {
    const { entries, extents } = await readEvents(redis.client, starts, 1, false);
    expect([...entries]).toEqual([['a', [['3-0', ['e', 'started']]]]]);
    expect(extents).toEqual([]);
  });

  it('also reads what each stream holds, in the order of the keys', async () => {
    const { extents } = await readEvents(redis.client, starts, 1, true);
    expect(extents).toEqual([{ first: '2-0', last: '4-0', added: 4, dropped: 1 }, undefined]);
  });

  it('rejects when a key holds another type', async () => {
    await redis.client.set('none', 'text');
    for (const withExtents of [true, false]) {
      await expect(readEvents(redis.client, starts, 1, withExtents)).rejects.toThrow(/WRONGTYPE/);
    }
  });
});

describe('extentOf', () => {
  it('throws errors other than a missing key', () => {
    expect(extentOf(new Error('ERR no such key'), undefined)).toBeUndefined();
    expect(() => extentOf(new Error('WRONGTYPE'), undefined)).toThrow('WRONGTYPE');
  });
});

describe('fieldOf', () => {
  it('is undefined for a name that the reply lacks', () => {
    expect(fieldOf(['length', 3], 'length')).toBe(3);
    expect(fieldOf(['length', 3], 'groups')).toBeUndefined();
  });
});

describe('lastEventEntry', () => {
  it('is the last id that the stream gave, even after a trim', async () => {
    await redis.client.xtrim('a', 'MAXLEN', 0);
    expect(await lastEventEntry(redis.client, 'a')).toBe('4-0');
    expect(await lastEventEntry(redis.client, 'none')).toBe('0-0');
  });
});
