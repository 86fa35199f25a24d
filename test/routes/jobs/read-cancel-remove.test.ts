import { beforeAll, describe, expect, it } from 'vitest';
import type { Job as JobShape } from '../../../src/schemas/job.ts';
import { Job } from '../../../src/schemas/job.ts';
import { isFinal, STATUSES, type Status } from '../../../src/schemas/values/names.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { type ManualWorker, useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

/** Makes a job of each status, by the moves that lead there. */
const MAKERS: Readonly<Record<Status, (worker: ManualWorker, queue: string) => Promise<{ id: string }>>> = {
  queued: (_worker, queue) => api.submit({ task: 'echo', queue }),
  scheduled: (_worker, queue) => api.submit({ task: 'echo', queue, delay: '1h' }),
  running: (worker, queue) => then(queue, async () => void (await worker.take())),
  retrying: (worker, queue) => then(queue, async () => worker.retry(await worker.take(), 3_600_000)),
  completed: (worker, queue) => then(queue, async () => worker.complete(await worker.take(), { n: 1 })),
  failed: (worker, queue) => then(queue, async () => worker.bury(await worker.take())),
  cancelled: (_worker, queue) => then(queue, (id) => api.http.post(`/jobs/${id}/cancel`).expect(200)),
  expired: (_worker, queue) => api.submit({ task: 'echo', queue, expiresIn: 0 }),
};

async function then(queue: string, move: (id: string) => Promise<unknown>): Promise<{ id: string }> {
  const job = await api.submit({ task: 'echo', queue, payload: 'p', metadata: { of: 'test' } });
  await move(job.id);
  return job;
}

async function make(status: Status, test: string): Promise<string> {
  const queue = `${test}-${status}`;
  return (await MAKERS[status](await workerOf(queue), queue)).id;
}

describe('GET /jobs/{id}', () => {
  it.each(STATUSES)('shows a %s job, with a stable revision', async (status) => {
    const id = await make(status, 'show');
    const answer = await api.http.get(`/jobs/${id}`).expect(200);
    const job: JobShape = answer.body;
    expectShape(Job, job);
    expect(job).toMatchObject({ id, status, queue: `show-${status}`, task: 'echo', priority: 'normal' });
    // Retry-After is present until the job has ended.
    expect(answer.headers['retry-after']).toBe(isFinal(status) ? undefined : '1');
    expect({ finished: job.finishedAt !== undefined, kept: job.payload !== undefined }).toEqual({
      finished: isFinal(status),
      kept: !['completed', 'cancelled', 'expired'].includes(status),
    });
    const attempts = { running: 1, retrying: 1, completed: 1, failed: 1 };
    expect(job.attempt).toBe(status in attempts ? 1 : 0);

    const etag = answer.headers['etag'] ?? '';
    expect(etag).toMatch(/^"[\w-]+"$/);
    const again = await api.http.get(`/jobs/${id}`).set('if-none-match', etag);
    expect([again.status, again.text, again.headers['etag']]).toEqual([304, '', etag]);
  });

  it('shows why a job failed and when it is retried', async () => {
    const failed = await api.get(await make('failed', 'why'));
    expect(failed.error).toMatchObject({ message: 'it failed', attempt: 1 });
    expect(failed.errors).toEqual([failed.error]);
    const retrying = await api.get(await make('retrying', 'why'));
    expect(retrying.errors).toHaveLength(1);
    expect(Date.parse(retrying.runAt ?? '')).toBeGreaterThan(Date.now() + 3_000_000);
  });

  it('has a new revision after every change', async () => {
    const worker = await workerOf('moves');
    const { id } = await api.submit({ task: 'echo', queue: 'moves' });
    const revisions = new Set<string>();
    const look = async () => revisions.add((await api.http.get(`/jobs/${id}`)).headers['etag'] ?? '');
    await look();
    const first = await worker.take();
    await look();
    await worker.progress(first, { done: 0.5 });
    await look();
    await worker.retry(first, 0);
    await look();
    const second = await worker.take();
    await look();
    await worker.complete(second, 1);
    await look();
    await look();
    expect(revisions.size).toBe(6);
  });

  it.each([
    ['one of several', (etag: string) => `"other", ${etag}`],
    ['a weak one', (etag: string) => `W/${etag}`],
    ['any', () => '*'],
  ])('answers 304 for %s revision', async (_name, header) => {
    const { id } = await api.submit({ task: 'echo', queue: 'tags' });
    const { headers } = await api.http.get(`/jobs/${id}`);
    const seen = header(headers['etag'] ?? '');
    await api.http.get(`/jobs/${id}`).set('if-none-match', seen).expect(304);
    await api.http.get(`/jobs/${id}`).set('if-none-match', '"other"').expect(200);
  });

  it('answers HEAD like GET, without the body', async () => {
    const id = await make('completed', 'head');
    const get = await api.http.get(`/jobs/${id}`);
    const head = await api.http.head(`/jobs/${id}`);
    expect([head.status, head.text]).toEqual([200, undefined]);
    expect(head.headers['etag']).toBe(get.headers['etag']);
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
  });
});

describe('a job id', () => {
  let removed: string;
  beforeAll(async () => {
    removed = await make('completed', 'ids');
    await api.http.delete(`/jobs/${removed}`).expect(204);
  });

  it('answers 410 when its job has existed', async () => {
    expectProblem(await api.http.get(`/jobs/${removed}`), 410, 'job-gone');
    expectProblem(await api.http.get(`/jobs/${removed}?wait=5`), 410, 'job-gone');
    expectProblem(await api.http.delete(`/jobs/${removed}`), 410, 'job-gone');
    expectProblem(await api.http.post(`/jobs/${removed}/cancel`), 410, 'job-gone');
  });

  it('answers 404 when its stream does not exist or has not reached it', async () => {
    const later = removed.replace(/-([^-]+)$/, '-zz');
    const muchLater = removed.replace(/~n[^-]+/, '~nzzzzzzzzz');
    const otherLane = removed.replace('~n', '~h');
    const otherQueue = removed.replace('ids-', 'sid-');
    for (const id of [later, muchLater, otherLane, otherQueue]) {
      expect(id).not.toBe(removed);
      expectProblem(await api.http.get(`/jobs/${id}`), 404, 'job-not-found');
    }
  });
});

describe('DELETE /jobs/{id}', () => {
  it.each(STATUSES.filter(isFinal))('removes a %s job for ever', async (status) => {
    const id = await make(status, 'remove');
    const answer = await api.http.delete(`/jobs/${id}`);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expectProblem(await api.http.delete(`/jobs/${id}`), 410, 'job-gone');
    expectProblem(await api.http.get(`/jobs/${id}`), 410, 'job-gone');
  });

  it.each(STATUSES.filter((status) => !isFinal(status)))('rejects a %s job', async (status) => {
    const id = await make(status, 'leave');
    const answer = await api.http.delete(`/jobs/${id}`).set('prefer', 'return=representation');
    expectProblem(answer, 409, 'job-not-finished');
    expect(answer.body.jobStatus).toBe(status);
    expect((await api.get(id)).status).toBe(status);
  });

  it('returns the job to exactly one of many concurrent removals', async () => {
    const id = await make('completed', 'race');
    const before = await api.get(id);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        api.http.delete(`/jobs/${id}`).set('prefer', 'return=representation, wait=1'),
      ),
    );
    const [winner, ...more] = answers.filter(({ status }) => status === 200);
    expect(more).toEqual([]);
    expect(winner?.body).toEqual(before);
    expect(winner?.headers['preference-applied']).toBe('return=representation');
    expect(answers.filter(({ status }) => status === 410)).toHaveLength(9);
  });
});

describe('POST /jobs/{id}/cancel', () => {
  it.each(['queued', 'scheduled', 'retrying'] as const)('cancels a %s job at once', async (status) => {
    const id = await make(status, 'cancel');
    const answer = await api.http.post(`/jobs/${id}/cancel`).expect(200);
    expectShape(Job, answer.body);
    expect(answer.body).toMatchObject({ id, status: 'cancelled' });
    expect(answer.headers['retry-after']).toBeUndefined();
    expect(await api.get(id)).toEqual(answer.body);
    expect(await (await workerOf(`cancel-${status}`)).takeNow()).toEqual([]);
  });

  it('asks the worker of a running job to stop, on every call', async () => {
    const worker = await workerOf('asked');
    const { id } = await api.submit({ task: 'echo', queue: 'asked' });
    const delivery = await worker.take();
    for (let i = 0; i < 2; i += 1) {
      const answer = await api.http.post(`/jobs/${id}/cancel`).expect(202);
      expect(answer.body).toMatchObject({ id, status: 'running' });
      expect(answer.headers['retry-after']).toBe('1');
    }
    expect(await redis.client.xlen(worker.keys.control)).toBe(2);
    expect(await worker.cancel(delivery)).toBe('done');
    expect((await api.get(id)).status).toBe('cancelled');
  });

  it.each(STATUSES.filter(isFinal))('rejects a %s job', async (status) => {
    const id = await make(status, 'late');
    expect((await api.get(id)).status).toBe(status);
    const answer = await api.http.post(`/jobs/${id}/cancel`);
    expectProblem(answer, 409, 'job-finished');
    expect(answer.body.jobStatus).toBe(status);
    expect((await api.get(id)).status).toBe(status);
  });

  it('cancels a job once under concurrent requests', async () => {
    const id = await make('queued', 'crowd');
    const answers = await Promise.all(Array.from({ length: 10 }, () => api.http.post(`/jobs/${id}/cancel`)));
    const counted = answers.map(({ status }) => status).sort();
    expect(counted).toEqual([200, ...Array(9).fill(409)]);
    const { totals } = (await api.http.get('/queues/crowd-queued/stats')).body;
    expect(totals.cancelled).toBe(1);
  });
});
