import { describe, expect, it } from 'vitest';
import { formatJobId, type Ref } from '../../../src/redis/job-id.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { JobPage } from '../../../src/schemas/http.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { bury, deliver, putQueued } from '../../helpers/redis/places.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const MIB = 1_048_576;
const redis = useRedis();
const api = useApi(redis);

/** Runs something; returns its value, and the bytes that Redis has sent meanwhile. */
async function bytesSent<T>(run: () => Promise<T>): Promise<{ value: T; bytes: number }> {
  const sent = async () =>
    Number(/total_net_output_bytes:(\d+)/.exec(await redis.client.info('stats'))?.[1] ?? 'nothing');
  const before = await sent();
  const value = await run();
  return { value, bytes: (await sent()) - before };
}

const page = async (path: string): Promise<{ items: Job[]; nextCursor?: string; length: number }> => {
  const { body, text } = await api.http.get(path).expect(200);
  expectShape(JobPage, body);
  return { ...body, length: text.length };
};

async function allPages(path: string) {
  const pages = [await page(path)];
  for (let cursor = pages[0]?.nextCursor; cursor !== undefined; cursor = pages.at(-1)?.nextCursor) {
    pages.push(await page(`${path}&cursor=${cursor}`));
  }
  return pages;
}

const large = (count: number) => Array.from({ length: count }, (_, i) => `${i}`.padEnd(MIB, 'x'));

/** A queue with large jobs among small ones: in all 6 queued, 8 running, 7 failed, 9 scheduled, 10 retrying. */
async function fill(queue: string): Promise<void> {
  const keys = queueKeys('mr', queue);
  const later = Date.now() + 3_600_000;
  const name = (ref: Ref) => `n${ref.entryId}`;
  const failed = await putQueued(redis.client, keys, [1, ...large(6)]);
  const retrying = await putQueued(redis.client, keys, [...large(9), 1]);
  await putQueued(redis.client, keys, [1, 2, ...large(6)]);
  await deliver(redis.client, keys, 25);
  for (const ref of failed) await bury(redis.client, keys, ref, Date.now());
  for (const ref of retrying) {
    await redis.client.xack(keys.stream.normal, 'workers', ref.entryId);
    await redis.client.zadd(keys.due.normal, later, name(ref));
  }
  await putQueued(redis.client, keys, [1, ...large(5)]);
  const payloads = [...large(8), '1'];
  for (const payload of payloads) {
    const fields = ['t', 'echo', 'p', JSON.stringify(payload), 'o', ''];
    const id = await redis.client.xadd(keys.stream.parked, '*', ...fields);
    await redis.client.zadd(keys.scheduled, later, `p${id}`);
  }
}

describe('a listing of large jobs', () => {
  it('is bounded in bytes, and its pages together show every job once', async () => {
    await fill('large');
    for (const [status, count] of Object.entries({
      queued: 6,
      running: 8,
      failed: 7,
      scheduled: 9,
      retrying: 10,
    })) {
      const pages = await allPages(`/queues/large/jobs?status=${status}&limit=1000`);
      const ids = pages.flatMap(({ items }) => items.map(({ id }) => id));
      expect([ids.length, new Set(ids).size]).toEqual([count, count]);
    }
    const { value: pages, bytes } = await bytesSent(() => allPages('/queues/large/jobs?limit=1000'));
    expect(pages.flatMap(({ items }) => items)).toHaveLength(40);
    expect(pages.length).toBeGreaterThan(4);
    for (const { length } of pages) expect(length).toBeLessThan(8.1 * MIB);
    // The API reads each payload once: 34 MiB and a little more.
    expect(bytes).toBeLessThan(36 * MIB);
    const first = await bytesSent(() => page('/queues/large/jobs?limit=1000'));
    expect(first.bytes).toBeLessThan(9 * MIB);
  });

  it('leaves out payloads where the client does not want them, and then reads none', async () => {
    await fill('bare');
    const { value, bytes } = await bytesSent(() => page('/queues/bare/jobs?limit=1000&payload=false'));
    expect(value.items).toHaveLength(40);
    expect(value.nextCursor).toBeUndefined();
    for (const job of value.items) expect(job).toEqual({ ...job, task: 'echo', payload: undefined });
    expect(value.items.every((job) => !('payload' in job))).toBe(true);
    expect(bytes).toBeLessThan(MIB);
    const whole = await page('/queues/bare/jobs?limit=1000&payload=true');
    expect(whole.items[0]).toHaveProperty('payload');
  });

  it('of running jobs and a retry of dead letters read no payloads', async () => {
    await fill('running');
    const { value, bytes } = await bytesSent(async () => {
      const running = await api.http.get('/queues/running/pending').expect(200);
      const retried = await api.http.post('/queues/running/dead/retry').send({ limit: 1_000 }).expect(200);
      return [running.body.items.length, retried.body.count];
    });
    expect(value).toEqual([8, 7]);
    expect(bytes).toBeLessThan(MIB);
  });

  it('shows a job that is larger than a page alone', async () => {
    const keys = queueKeys('mr', 'huge');
    await putQueued(redis.client, keys, [1, 'x'.repeat(9 * MIB), 2]);
    await redis.client.sadd('mr:queues', 'huge');
    const pages = await allPages('/queues/huge/jobs?limit=100');
    expect(pages.map(({ items }) => items.length)).toEqual([1, 1, 1]);
  });

  it('shows an entry that no submit wrote, however large', async () => {
    const keys = queueKeys('mr', 'foreign');
    const [ref] = await putQueued(redis.client, keys, [1]);
    const id = await redis.client.xadd(keys.stream.normal, '*', 'foreign', 'x'.repeat(MIB));
    const ids = [ref?.entryId ?? '', id ?? ''].map((entryId) =>
      formatJobId('foreign', { place: 'normal', entryId }),
    );
    for (const query of ['', '&payload=false']) {
      const { items } = await page(`/queues/foreign/jobs?status=queued${query}`);
      expect(items.map((job) => job.id)).toEqual(ids);
      expect(items[1]).not.toHaveProperty('task');
    }
  });
});

describe('GET /jobs/{id}?payload=false', () => {
  it('shows the job without its payload, under the same revision', async () => {
    const { id } = await api.submit({
      task: 'echo',
      queue: 'one',
      payload: { a: 1 },
      metadata: { of: 'test' },
    });
    const whole = await api.http.get(`/jobs/${id}`).expect(200);
    const bare = await api.http.get(`/jobs/${id}?payload=false`).expect(200);
    const { payload, ...rest } = whole.body;
    expect([payload, bare.body, bare.headers['etag']]).toEqual([{ a: 1 }, rest, whole.headers['etag']]);
  });
});
