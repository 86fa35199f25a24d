import { beforeAll, describe, expect, it } from 'vitest';
import { readHistory } from '../../src/events/history.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import type { HistoryQuery } from '../../src/schemas/event.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const keys = queueKeys('mr', 'q');
const START_MS = Date.UTC(2016, 11, 31, 23, 59, 58);
const iso = (ms: number) => new Date(ms).toISOString();

/** 500 entries of two events each, one millisecond apart; every hundredth is of another type. */
beforeAll(async () => {
  const pipeline = redis.client.pipeline();
  for (let i = 0; i < 500; i += 1) {
    pipeline.xadd(
      keys.events,
      `${START_MS + i}-0`,
      'e',
      i % 100 === 99 ? 'failed' : 'started',
      'j',
      'n1-0 n2-0',
    );
  }
  await pipeline.exec();
});

const read = (query: HistoryQuery) => readHistory(redis.client, keys, query);

describe('readHistory', () => {
  it('ends a page in the middle of an entry and continues there, in both orders', async () => {
    for (const order of ['asc', 'desc'] as const) {
      const first = await read({ order, limit: 3 });
      const second = await read({ order, limit: 3, ...(first.nextCursor && { cursor: first.nextCursor }) });
      const { items } = await read({ order, limit: 6 });
      expect([...first.items, ...second.items]).toEqual(items);
      expect(first.nextCursor).toBe(first.items.at(-1)?.id);
    }
  });

  it('includes `from` and excludes `to`', async () => {
    const { items, nextCursor } = await read({ from: iso(START_MS + 10), to: iso(START_MS + 12) });
    expect(items.map(({ at }) => at)).toEqual([10, 10, 11, 11].map((ms) => iso(START_MS + ms)));
    expect(nextCursor).toBeUndefined();
  });

  it('reads on until a page has the wanted types', async () => {
    const { items, nextCursor } = await read({ type: 'failed' });
    expect(items).toHaveLength(10);
    expect(nextCursor).toBeUndefined();
  });

  it('takes a leap second as the second before it', async () => {
    const { items } = await read({ from: '2016-12-31T23:59:60.000Z', limit: 1 });
    expect(items).toEqual([]);
    const before = await read({ from: '2016-12-31T23:59:58Z', to: '2016-12-31T23:59:60Z', limit: 1_000 });
    expect(before.items).toHaveLength(1_000);
  });

  it('rejects a cursor that no page gave', async () => {
    await expect(read({ cursor: '5-0-1~q' })).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '/cursor' }],
    });
  });
});
