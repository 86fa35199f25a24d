import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { HistoryPage, type JobEvent } from '../../../src/schemas/event.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

const DAY = Date.parse('2026-01-31T12:00:00Z');

/** Entries of three events each, a second apart, every tenth of them an end. */
async function happen(queue: string, count: number): Promise<void> {
  await redis.client.sadd('mr:queues', queue);
  const pipeline = redis.client.pipeline();
  for (let i = 0; i < count; i += 1) {
    const kind = i % 10 === 9 ? 'failed' : 'started';
    const refs = [1, 2, 3].map((n) => `n${i + 1}-${n}`).join(' ');
    pipeline.xadd(queueKeys('mr', queue).events, `${DAY + i * 1_000}-0`, 'e', kind, 'j', refs);
  }
  await pipeline.exec();
}

async function page(queue: string, query: string): Promise<HistoryPage> {
  const { body } = await api.http.get(`/queues/${queue}/history?${query}`).expect(200);
  expectShape(HistoryPage, body);
  return body as HistoryPage;
}

/** All pages, and how many there were. */
async function all(queue: string, query: string): Promise<{ events: JobEvent[]; pages: number }> {
  const events: JobEvent[] = [];
  let pages = 0;
  for (let cursor: string | undefined = ''; cursor !== undefined; pages += 1) {
    const next: HistoryPage = await page(queue, cursor === '' ? query : `${query}&cursor=${cursor}`);
    events.push(...next.items);
    cursor = next.nextCursor;
  }
  return { events, pages };
}

describe('the history of a queue', () => {
  it('lists each event once, in pages of any size, in either order', async () => {
    await happen('pages', 450);
    const { events, pages } = await all('pages', 'limit=1000');
    expect([events.length, pages]).toEqual([1_350, 2]);
    expect(events[0]).toEqual({
      id: `${DAY}-0-1`,
      type: 'started',
      queue: 'pages',
      job: 'pages~n1-1',
      at: '2026-01-31T12:00:00.000Z',
    });
    for (const limit of [7, 100, 200]) {
      expect((await all('pages', `limit=${limit}`)).events).toEqual(events);
      expect((await all('pages', `limit=${limit}&order=desc`)).events).toEqual([...events].reverse());
    }
  });

  it('can be filtered by time and by type', async () => {
    await happen('range', 300);
    const from = '2026-01-31T12:00:10Z';
    const to = '2026-01-31T12:00:13.000%2B00:00';
    for (const order of ['asc', 'desc']) {
      const { items, nextCursor } = await page('range', `from=${from}&to=${to}&order=${order}`);
      expect(nextCursor).toBeUndefined();
      expect(new Set(items.map(({ at }) => at))).toEqual(
        new Set(['2026-01-31T12:00:10.000Z', '2026-01-31T12:00:11.000Z', '2026-01-31T12:00:12.000Z']),
      );
      expect(items).toHaveLength(9);
    }
    expect((await page('range', `from=${to}&to=${from}`)).items).toEqual([]);
    expect((await page('range', 'to=1970-01-01T00:00:00Z')).items).toEqual([]);
    expect((await all('range', 'type=failed&limit=10')).events).toHaveLength(90);
    expect((await page('range', 'type=failed,started&limit=1000')).items).toHaveLength(900);
    expect((await all('range', 'type=completed')).events).toEqual([]);
  });

  it('is searched in steps, so that a page of a rare type can be empty before the last', async () => {
    await happen('rare', 6_000);
    for (const order of ['asc', 'desc']) {
      const first = await page('rare', `type=completed&order=${order}`);
      expect(first).toEqual({ items: [], nextCursor: expect.any(String) });
      // Some 5,000 of the entries were looked at, and the next page begins with the one after them.
      const last = (Number(first.nextCursor?.split('-')[0]) - DAY) / 1_000;
      expect(Math.abs(last - (order === 'asc' ? 5_000 : 1_000))).toBeLessThan(50);
      const rest = await page('rare', `order=${order}&limit=1&cursor=${first.nextCursor}`);
      const next = DAY + (last + (order === 'asc' ? 1 : -1)) * 1_000;
      expect(rest.items[0]?.at).toBe(new Date(next).toISOString());
      expect((await all('rare', `type=completed&order=${order}`)).pages).toBe(2);
    }
  });

  it('rejects invalid queries', async () => {
    await happen('bad', 1);
    for (const [query, pointer] of [
      ['from=yesterday', '/from'],
      ['to=1', '/to'],
      ['type=x', '/type'],
      ['order=up', '/order'],
      ['limit=0', '/limit'],
      ['cursor=x', '/cursor'],
      ['other=1', '/other'],
    ] as const) {
      expectProblem(await api.http.get(`/queues/bad/history?${query}`), 400, 'invalid-request', [pointer]);
    }
  });

  it('of a queue that had no job yet is empty', async () => {
    await api.http.get('/queues/nowhere/history').expect(200, { items: [] });
  });
});
