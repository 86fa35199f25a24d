import { beforeEach, describe, expect, it } from 'vitest';
import type { JobPage } from '../../src/jobs/stored-page.ts';
import { listJobs } from '../../src/queues/list-jobs.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { JsonText } from '../../src/schemas/json/json-text.ts';
import { encodeCursor } from '../../src/schemas/values/cursor.ts';
import type { ListedStatus } from '../../src/schemas/values/names.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { bury, deliver, newQueueKeys, putQueued } from '../helpers/redis/places.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
let keys: QueueKeys;
beforeEach(() => {
  keys = newQueueKeys();
});

const list = (query: { status?: ListedStatus; limit: number; cursor?: string }) =>
  listJobs(createTestCore(redis.client), keys, query);

async function allPages(query: { status?: ListedStatus; limit: number }): Promise<JobPage[]> {
  const pages = [await list(query)];
  for (let cursor = pages[0]?.nextCursor; cursor !== undefined; cursor = pages.at(-1)?.nextCursor) {
    pages.push(await list({ ...query, cursor }));
  }
  return pages;
}

const payloads = (pages: readonly JobPage[]) =>
  pages.flatMap(({ items }) => items.map((job) => JsonText.of(job.payload).parse()));

/** Two jobs of each of three statuses: running, failed, queued. */
async function fill(): Promise<void> {
  await putQueued(redis.client, keys, ['r1', 'r2']);
  const dead = await putQueued(redis.client, keys, ['f1', 'f2']);
  await deliver(redis.client, keys, 4);
  for (const ref of dead) await bury(redis.client, keys, ref, Date.now());
  await putQueued(redis.client, keys, ['q1', 'q2']);
}

describe('a listing of jobs', () => {
  it.each([1, 2, 3, 5, 100])('shows every job once in pages of %i', async (limit) => {
    await fill();
    const pages = await allPages({ limit });
    expect(payloads(pages).sort()).toEqual(['f1', 'f2', 'q1', 'q2', 'r1', 'r2']);
    for (const { items } of pages) expect(items.length).toBeLessThanOrEqual(limit);
  });

  it('has a bound in bytes, and large jobs come in more pages', async () => {
    await putQueued(
      redis.client,
      keys,
      Array.from({ length: 20 }, (_, i) => `${i}${'x'.repeat(1_048_576)}`),
    );
    const pages = await allPages({ limit: 100 });
    expect(payloads(pages).map((payload) => Number.parseInt(String(payload), 10))).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    );
    expect(pages.length).toBeGreaterThan(1);
    for (const { items } of pages) expect(items.length).toBeLessThanOrEqual(9);
  });

  it('shows only the jobs of one status', async () => {
    await fill();
    expect(payloads(await allPages({ status: 'failed', limit: 1 }))).toEqual(['f1', 'f2']);
    expect(payloads(await allPages({ status: 'running', limit: 10 }))).toEqual(['r1', 'r2']);
    expect(payloads(await allPages({ status: 'scheduled', limit: 10 }))).toEqual([]);
  });

  it.each(['', 'x', encodeCursor('99 '), encodeCursor('0 nonsense'), encodeCursor('0 1-1; DEL')])(
    'refuses the cursor %j',
    async (cursor) => {
      await expect(list({ limit: 1, cursor })).rejects.toMatchObject({
        code: 'invalid-request',
        errors: [{ pointer: '/cursor', detail: 'is not a cursor of this listing' }],
      });
    },
  );

  it('refuses a cursor of another status', async () => {
    await fill();
    const { nextCursor = '' } = await list({ status: 'failed', limit: 1 });
    await expect(list({ status: 'queued', limit: 1, cursor: nextCursor })).rejects.toMatchObject({
      code: 'invalid-request',
    });
  });
});
