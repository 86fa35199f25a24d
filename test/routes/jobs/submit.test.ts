import { describe, expect, it } from 'vitest';
import { decodeEntry } from '../../../src/redis/entry.ts';
import type { EntryOptions } from '../../../src/redis/entry-options.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { Job } from '../../../src/schemas/job.ts';
import { MAX_DEPTH } from '../../../src/schemas/json/depth.ts';
import { PRIORITIES } from '../../../src/schemas/values/names.ts';
import { expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

/** The options of the only job that a lane (or `parked`) of a queue holds. */
async function storedOptions(queue: string, place: 'normal' | 'parked' = 'normal'): Promise<EntryOptions> {
  const entries = await redis.client.xrange(queueKeys('mr', queue).stream[place], '-', '+');
  expect(entries).toHaveLength(1);
  return decodeEntry(entries[0]?.[1] ?? [])?.options ?? {};
}

const ms = (time: string | undefined): number => Date.parse(time ?? '');

describe('POST /jobs', () => {
  it('answers 202 with the job, its path and its revision', async () => {
    const answer = await api.http.post('/jobs').send({ task: 'echo', payload: { a: [1, 'ü'] } });
    expect(answer.status).toBe(202);
    expectShape(Job, answer.body);
    expect(answer.body).toEqual({
      id: expect.any(String),
      queue: 'default',
      task: 'echo',
      status: 'queued',
      priority: 'normal',
      attempt: 0,
      maxAttempts: 5,
      payload: { a: [1, 'ü'] },
      createdAt: expect.any(String),
    });
    expect(answer.headers).toMatchObject({
      location: `/jobs/${answer.body.id}`,
      'retry-after': '1',
      'content-type': 'application/json; charset=utf-8',
    });
    expect(answer.headers['preference-applied']).toBeUndefined();
    const read = await api.http.get(answer.headers['location'] ?? '');
    expect(read.body).toEqual(answer.body);
    expect(read.headers['etag']).toBe(answer.headers['etag']);
  });

  it.each([
    ['nothing', undefined, null],
    ['null', null, null],
    ['false', false, false],
    ['0', 0, 0],
    ['an empty text', '', ''],
    ['an empty list', [], []],
    ['text beyond ASCII', 'a\u0000\u2028"\\😀', 'a\u0000\u2028"\\😀'],
  ])('accepts %s as payload', async (_name, payload, stored) => {
    const job = await api.submit({ task: 'echo', payload });
    expect(job.payload).toEqual(stored);
    expect((await api.get(job.id)).payload).toEqual(stored);
  });

  it(`accepts a payload of ${MAX_DEPTH} levels`, async () => {
    const payload = JSON.parse(`${'['.repeat(MAX_DEPTH)}${']'.repeat(MAX_DEPTH)}`);
    const job = await api.submit({ task: 'echo', payload });
    expect((await api.get(job.id)).payload).toEqual(payload);
  });

  it.each(PRIORITIES)('puts a job of priority %s into its lane', async (priority) => {
    const queue = `lane-${priority}`;
    const job = await api.submit({ task: 'echo', queue, priority });
    expect(job).toMatchObject({ queue, priority, status: 'queued' });
    const { lanes } = (await api.http.get(`/queues/${queue}/stats`)).body;
    expect(lanes).toEqual({ critical: 0, high: 0, normal: 0, low: 0, [priority]: 1 });
  });

  it('delivers jobs in the order of their priorities', async () => {
    for (const priority of [...PRIORITIES].reverse()) {
      await api.submit({ task: 'echo', queue: 'order', priority });
    }
    const taken = await (await workerOf('order')).takeNow(4);
    expect(taken.map(({ place }) => place)).toEqual(PRIORITIES);
  });

  it.each([
    ['ms', 60_000, 60_000],
    ['s', '90s', 90_000],
    ['h', '2h', 7_200_000],
  ])('accepts a delay in %s', async (unit, delay, expected) => {
    const queue = `delay-${unit}`;
    const job = await api.submit({ task: 'echo', queue, delay, priority: 'high' });
    expect(job).toMatchObject({ status: 'scheduled', priority: 'high' });
    expect(ms(job.runAt) - ms(job.createdAt)).toBe(expected);
    expect(await api.get(job.id)).toEqual(job);
    expect(await (await workerOf(queue)).takeNow()).toEqual([]);
  });

  it('starts a job at once without a delay or with one that has passed', async () => {
    const worker = await workerOf('now');
    const none = await api.submit({ task: 'echo', queue: 'now', delay: 0 });
    expect(none.status).toBe('queued');
    const past = await api.submit({ task: 'echo', queue: 'now', runAt: '2001-02-03T04:05:06+07:00' });
    expect(past).toMatchObject({ status: 'queued', runAt: '2001-02-02T21:05:06.000Z' });
    expect(await worker.takeNow(2)).toHaveLength(2);
  });

  it('accepts runAt', async () => {
    const runAt = new Date(Date.now() + 3_600_000).toISOString();
    const job = await api.submit({ task: 'echo', queue: 'at', runAt });
    expect(job).toMatchObject({ status: 'scheduled', runAt });
    expect(await api.get(job.id)).toEqual(job);
  });

  it('stores attempts, backoff, timeout, retention, key, metadata and keepPayload', async () => {
    const metadata = { customer: '42', 'a\nb': 'line break', constructor: 'x', '': 'ünicode' };
    const job = await api.submit({
      task: 'a/b:c.d-e_f',
      queue: 'options',
      attempts: 7,
      backoff: { type: 'fixed', delay: '10s', max: '1m', jitter: 0 },
      timeout: '5m',
      expiresIn: '1d',
      resultTtl: '90m',
      key: 'ünicode\n17',
      metadata,
      keepPayload: true,
    });
    expect(job).toMatchObject({ task: 'a/b:c.d-e_f', maxAttempts: 7, key: 'ünicode\n17', metadata });
    expect(ms(job.expiresAt) - ms(job.createdAt)).toBe(86_400_000);
    expect(await api.get(job.id)).toEqual(job);
    expect(await storedOptions('options')).toEqual({
      a: 7,
      b: { type: 'fixed', delay: 10_000, max: 60_000, jitter: 0 },
      to: 300_000,
      x: 86_400_000,
      rt: 5_400_000,
      m: metadata,
      y: 'ünicode\n17',
      k: true,
    });
  });

  it('stores no options for a plain job', async () => {
    await api.submit({ task: 'echo', queue: 'plain', priority: 'normal', delay: 0, keepPayload: false });
    expect(await storedOptions('plain')).toEqual({});
  });

  it('shows a job as expired when it has not started in time, without a worker', async () => {
    const expiring = {
      task: 'echo',
      queue: 'lapse',
      expiresIn: 0,
      resultTtl: 5_000,
      key: 'customer-17',
      metadata: { of: 'test' },
    };
    const plain = await api.submit(expiring);
    const delayed = await api.submit({ ...expiring, delay: '1h' });
    for (const { id } of [plain, delayed]) {
      const job = await api.get(id);
      const { key, metadata } = expiring;
      expect(job).toMatchObject({ id, status: 'expired', attempt: 0, key, metadata });
      // Redis reads its clock once for each of the two.
      expect(Math.abs(ms(job.expiresAt) - ms(job.finishedAt) - 5_000)).toBeLessThan(100);
    }
    const { counts, totals } = (await api.http.get('/queues/lapse/stats')).body;
    expect(totals).toMatchObject({ submitted: 2, expired: 2 });
    expect(counts).toMatchObject({ queued: 0, scheduled: 0 });
  });

  it('makes ids that are URL-safe and have at most 96 characters', async () => {
    const queue = `${'Q'.repeat(61)}_.-`;
    expect(queue).toHaveLength(64);
    for (const more of [{}, { delay: '1h' }]) {
      const { id } = await api.submit({ task: 'echo', queue, ...more });
      expect(id).toMatch(/^[A-Za-z0-9_.~-]{1,96}$/);
      expect(await api.get(id)).toMatchObject({ id, queue });
    }
  });

  it('makes a different id for each of many concurrent jobs', async () => {
    const jobs = await Promise.all(
      Array.from({ length: 50 }, () => api.submit({ task: 'echo', queue: 'many' })),
    );
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(50);
    expect(await redis.client.xlen(queueKeys('mr', 'many').stream.normal)).toBe(50);
  });

  it('stores a plain job with one Redis command', async () => {
    // The first job of a queue also registers the queue.
    await api.submit({ task: 'echo', queue: 'counted' });
    await redis.client.config('RESETSTAT');
    for (let i = 0; i < 20; i += 1) await api.submit({ task: 'echo', queue: 'counted' });
    const stats = await redis.client.info('commandstats');
    const calls = new Map(
      [...stats.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)].map(([, name = '', count]) => [
        name,
        Number(count),
      ]),
    );
    // The service also reads the announced tasks and the queues with HTTP workers now and then.
    expect([...calls].filter(([, count]) => count >= 20)).toEqual([['xadd', 20]]);
  });

  it('stores the first delayed job of a new process beside concurrent commands', async () => {
    const delayed = await Promise.all(
      ['one', 'two'].map((queue) => api.submit({ task: 'echo', queue: `fresh-${queue}`, delay: '1h' })),
    );
    expect(delayed.map(({ status }) => status)).toEqual(['scheduled', 'scheduled']);
  });

  it('continues after Redis has lost its scripts', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'flushed', delay: '1h' });
    await redis.client.script('FLUSH');
    const [read, second] = await Promise.all([
      api.get(id),
      api.submit({ task: 'echo', queue: 'flushed', delay: '1h' }),
    ]);
    expect([read.status, second.status]).toEqual(['scheduled', 'scheduled']);
  });
});
