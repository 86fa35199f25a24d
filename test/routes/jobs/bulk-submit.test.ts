import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { MAX_BULK_JOBS } from '../../../src/schemas/http.ts';
import { BulkSubmitResponse } from '../../../src/schemas/jobs/submit-answers.ts';
import type { Problem } from '../../../src/schemas/problem.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { isOnCluster, useRedis } from '../../helpers/redis/server.ts';

const MAX_BYTES = 65_536;

const redis = useRedis();
const api = useApi(redis, { MAX_PAYLOAD_BYTES: String(MAX_BYTES) });

interface Item {
  index: number;
  status: number;
  id?: string;
  problem?: Problem;
}

const postLines = (body: string | Buffer, query = '') =>
  api.http.post(`/jobs/batch${query}`).set('content-type', 'application/x-ndjson').send(body);

/** Sends the parts of a body one after the other, each in a chunk of its own. */
async function postChunks(parts: Iterable<string | Buffer>): Promise<{ status: number; items: Item[] }> {
  const outgoing = request(`${api.origin}/jobs/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  const answered = new Promise<{ status: number; items: Item[] }>((resolve, reject) => {
    outgoing.once('error', reject);
    outgoing.once('response', (answer) => {
      text(answer).then(
        (body) => resolve({ status: answer.statusCode ?? 0, items: JSON.parse(body).items }),
        reject,
      );
    });
  });
  for (const part of parts) await new Promise((resolve) => outgoing.write(part, resolve));
  outgoing.end();
  return answered;
}

/** Payloads in the order in which the jobs of a queue were taken in. */
async function payloads(queue: string): Promise<unknown[]> {
  const entries = await redis.client.xrange(queueKeys('mr', queue).stream.normal, '-', '+');
  return entries.map(([, fields]) => JSON.parse(fields[3] ?? ''));
}

const line = (queue: string, payload: unknown): string => JSON.stringify({ task: 'echo', queue, payload });

describe('POST /jobs/batch', () => {
  it('answers more lines than a batch may have in parts, each line in its place', async () => {
    const lines = MAX_BULK_JOBS + 1_234;
    const answer = await postLines('0\n'.repeat(lines));
    expect(answer.status).toBe(207);
    expect(answer.headers['transfer-encoding']).toBe('chunked');
    expectShape(BulkSubmitResponse, answer.body);
    const items: Item[] = answer.body.items;
    expect(items.map(({ index }) => index)).toEqual(Array.from({ length: lines }, (_, i) => i));
    expect(items.map(({ status }) => status)).toEqual(items.map((_, i) => (i < MAX_BULK_JOBS ? 400 : 413)));
  });

  it('answers 207 with an outcome for each job, in order', async () => {
    const jobs = [
      { task: 'echo', queue: 'json', payload: 0 },
      { task: 'echo', queue: 'json', payload: 1, priority: 'low' },
      { task: 'echo', queue: 'other', payload: 2, delay: '1h' },
    ];
    const answer = await api.http.post('/jobs/batch').send({ jobs });
    expect(answer.status).toBe(207);
    expectShape(BulkSubmitResponse, answer.body);
    const items: Item[] = answer.body.items;
    expect(items.map(({ index, status }) => [index, status])).toEqual([0, 1, 2].map((i) => [i, 202]));
    for (const [i, job] of jobs.entries()) {
      const { delay: _, ...stored } = job;
      expect(await api.get(items[i]?.id ?? '')).toMatchObject(stored);
    }
  });

  it('stores the valid jobs and says what is wrong with the others', async () => {
    const jobs = [
      { task: 'echo', queue: 'mixed' },
      { task: 'a b' },
      7,
      { task: 'echo', queue: 'mixed', x: 1 },
    ];
    const { status, body } = await api.http.post('/jobs/batch').send({ jobs: [...jobs, jobs[0]] });
    expect(status).toBe(207);
    const items: Item[] = body.items;
    expect(items.map((item) => item.status)).toEqual([202, 400, 400, 400, 202]);
    expect(items.map(({ problem }) => problem?.errors?.map(({ pointer }) => pointer))).toEqual([
      undefined,
      ['/task'],
      [''],
      ['/x'],
      undefined,
    ]);
    expect(await payloads('mixed')).toHaveLength(2);
  });

  it('lists at most ten faults of each job', async () => {
    const noise = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x${i}`, 0]));
    const answer = await postLines(`${JSON.stringify({ task: 'echo', ...noise })}\n`);
    expect(answer.body.items[0].problem.errors).toHaveLength(10);
  });

  it('reads lines with any line ending, however the body is cut', async () => {
    const euro = Buffer.from(line('cut', '€😀'));
    const cuts = [...euro.keys()].map((i) => euro.subarray(i, i + 1));
    const { status, items } = await postChunks([
      `${line('cut', 1)}\r\n\r\n \t\n\n${line('cut', 2)}\n${line('cut', 3)}\r`,
      '\n',
      ...cuts,
      '\n',
      line('cut', 'last, without an end'),
    ]);
    expect(status).toBe(207);
    expect(items.map((item) => [item.index, item.status])).toEqual([0, 1, 2, 3, 4].map((i) => [i, 202]));
    expect(await payloads('cut')).toEqual([1, 2, 3, '€😀', 'last, without an end']);
  });

  it('accepts 10,000 lines that exceed MAX_PAYLOAD_BYTES together', async () => {
    const filler = createHash('sha1').update('x').digest('hex').repeat(3);
    const parts = function* (): Generator<string> {
      for (let start = 0; start < MAX_BULK_JOBS; start += 100) {
        const numbers = Array.from({ length: 100 }, (_, i) => start + i);
        yield numbers.map((n) => `${line('stream', { n, filler })}\n`).join('');
      }
    };
    expect([...parts()].join('').length).toBeGreaterThan(20 * MAX_BYTES);
    const { status, items } = await postChunks(parts());
    expect(status).toBe(207);
    expect(items).toHaveLength(MAX_BULK_JOBS);
    expect(items.every((item, i) => item.index === i && item.status === 202)).toBe(true);
    expect(new Set(items.map(({ id }) => id)).size).toBe(MAX_BULK_JOBS);
    const stored = (await payloads('stream')) as { n: number }[];
    expect(stored.map(({ n }) => n)).toEqual(Array.from({ length: MAX_BULK_JOBS }, (_, i) => i));
  });

  it('stores jobs while the body still arrives', async () => {
    const stream = queueKeys('mr', 'early').stream.normal;
    const parts = function* (): Generator<string> {
      for (let i = 0; i < 60; i += 1) yield `${line('early', 'x'.repeat(40_000))}\n`;
    };
    const early = await new Promise<number>((resolve, reject) => {
      const outgoing = request(`${api.origin}/jobs/batch`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
      });
      outgoing.once('error', reject);
      outgoing.once('response', (answer) =>
        reject(new Error(`answered ${answer.statusCode} before the end`)),
      );
      for (const part of parts()) outgoing.write(part);
      const look = setInterval(async () => {
        const stored = await redis.client.xlen(stream);
        if (stored === 0) return;
        clearInterval(look);
        outgoing.removeAllListeners('response');
        outgoing.once('response', (answer) => {
          answer.resume();
          resolve(stored);
        });
        outgoing.end();
      }, 5);
    });
    expect(early).toBeGreaterThan(0);
    expect(await redis.client.xlen(stream)).toBe(60);
  });
});

describe('an atomic bulk submit', () => {
  const jobs = [
    { task: 'echo', queue: 'all-a', payload: 'now' },
    { task: 'echo', queue: 'all-b', priority: 'critical', metadata: { of: 'test' } },
    { task: 'echo', queue: 'all-c', delay: '1h', attempts: 2 },
    { task: 'echo', queue: 'all-a', runAt: new Date(Date.now() + 60_000).toISOString() },
  ];

  it.skipIf(isOnCluster).each([
    ['JSON', () => api.http.post('/jobs/batch?atomic=true').send({ jobs })],
    ['NDJSON', () => postLines(jobs.map((job) => JSON.stringify(job)).join('\n'), '?atomic=true')],
  ])('stores all jobs of a body in %s, with any queues and times', async (_name, send) => {
    const answer = await send();
    expect(answer.status).toBe(207);
    expectShape(BulkSubmitResponse, answer.body);
    const items: Item[] = answer.body.items;
    expect(items.map(({ index, status }) => [index, status])).toEqual([0, 1, 2, 3].map((i) => [i, 202]));
    const read = await Promise.all(items.map(({ id }) => api.get(id ?? '')));
    expect(read.map(({ status }) => status)).toEqual(['queued', 'queued', 'scheduled', 'scheduled']);
    expect(read.map(({ queue }) => queue)).toEqual(['all-a', 'all-b', 'all-c', 'all-a']);
    expect(read[1]).toMatchObject({ priority: 'critical', metadata: { of: 'test' } });
    expect(read[3]?.runAt).toBe(jobs[3]?.runAt);
    const { body } = await api.http.get('/queues');
    for (const queue of ['all-a', 'all-b', 'all-c']) {
      expect(body.items).toContainEqual(expect.objectContaining({ name: queue }));
    }
  });

  it('stores none when one is rejected, and lists the faults of all', async () => {
    const bad = [...jobs, { task: 'a b' }, { task: 'echo', delay: '999999999999d' }, null].map((job) =>
      job === null ? job : { ...job, queue: 'none' },
    );
    const answer = await api.http.post('/jobs/batch?atomic=true').send({ jobs: bad });
    expectProblem(answer, 400, 'invalid-batch', ['/jobs/4/task', '/jobs/6']);
    expect(await redis.client.keys('*none*')).toEqual([]);
    // What only the second look finds, after all forms are right.
    const second = await api.http
      .post('/jobs/batch?atomic=true')
      .send({ jobs: bad.slice(0, 6).toSpliced(4, 1) });
    expectProblem(second, 400, 'invalid-batch', ['/jobs/4/delay']);
    expect(await redis.client.keys('*none*')).toEqual([]);
  });

  it('rejects lines that exceed MAX_PAYLOAD_BYTES together', async () => {
    const lines = Array.from({ length: 50 }, () => line('heavy', 'x'.repeat(2_000)));
    const answer = await postLines(lines.join('\n'), '?atomic=true');
    expectProblem(answer, 413, 'payload-too-large');
    expect(answer.body.detail).toBe(`The body has more than ${MAX_BYTES} bytes.`);
    expect(await redis.client.keys('*heavy*')).toEqual([]);
    expect((await postLines(lines.join('\n'))).status).toBe(207);
  });
});
