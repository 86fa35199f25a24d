import { beforeEach, describe, expect, it } from 'vitest';
import { useRedis } from '../helpers/redis/server.ts';
import { useSchedules } from '../helpers/schedules/scheduler.ts';

const redis = useRedis();
const schedules = useSchedules(redis);
const ids = Array.from({ length: 400 }, (_, i) => `s${String(i).padStart(3, '0')}`);
const MIB = 1_048_576;

const put = (id: string, payload: unknown, queue = 'a') =>
  schedules.scheduler.put(id, { every: '1h', job: { task: 'echo', queue, payload } });

beforeEach(async () => {
  await redis.client.flushall();
});

/** Reads all pages, each with its own limit; `between` runs after each page. */
async function pages(
  limitOf: (page: number) => number,
  { queue, between }: { queue?: string; between?: (shown: string[]) => Promise<unknown> } = {},
): Promise<string[][]> {
  const found: string[][] = [];
  let cursor: string | undefined;
  do {
    const limit = limitOf(found.length);
    const query = { limit, ...(queue && { queue }), ...(cursor && { cursor }) };
    const page = await schedules.scheduler.list(query);
    const shown = page.items.map(({ id }) => id);
    expect(shown.length).toBeLessThanOrEqual(limit);
    found.push(shown);
    cursor = page.nextCursor;
    await between?.(shown);
  } while (cursor !== undefined);
  return found;
}

describe('listSchedules: the pages of 400 schedules', () => {
  beforeEach(async () => {
    for (const id of ids) await put(id, 1);
  });

  it.each([undefined, 'a'])('show every schedule although the limits differ (queue: %s)', async (queue) => {
    const limits = [1, 50, 3, 1, 100, 2, 7];
    const found = await pages(
      (page) => limits[page % limits.length] ?? 1,
      queue === undefined ? {} : { queue },
    );
    expect([...new Set(found.flat())].sort()).toEqual(ids);
  });

  it('show every schedule although the shown ones are removed', async () => {
    const found = await pages(() => 5, {
      between: (shown) => Promise.all(shown.map((id) => schedules.scheduler.remove(id))),
    });
    expect(found.flat().sort()).toEqual(ids);
    expect(await redis.client.exists('mr:schedules')).toBe(0);
  });
});

describe('listSchedules: the pages of a few schedules', () => {
  it('show every schedule although the shown ones are removed and the limits differ', async () => {
    for (const id of ids.slice(0, 30)) await put(id, 1);
    const found = await pages((page) => page + 1, {
      between: (shown) => Promise.all(shown.map((id) => schedules.scheduler.remove(id))),
    });
    expect(found.flat()).toEqual(ids.slice(0, 30));
  });

  it('hold at most 8 MiB of definitions each', async () => {
    for (const id of ids.slice(0, 20)) await put(id, 'x'.repeat(MIB - 1_024), id < 's010' ? 'a' : 'b');
    const found = await pages(() => 1_000);
    expect(found.map((page) => page.length)).toEqual([8, 8, 4]);
    expect(found.flat()).toEqual(ids.slice(0, 20));
  });
});
