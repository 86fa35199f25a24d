import { describe, expect, it } from 'vitest';
import { expectProblem } from '../../../helpers/api/expect-schema.ts';
import { useApi } from '../../../helpers/api/server.ts';
import { until, useRedis } from '../../../helpers/redis/server.ts';
import { submitter, sweepAll } from '../../../helpers/unique/submit.ts';
import { useManualWorkers } from '../../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);
const submit = submitter(api, { task: 'echo' });

const msUntil = (time: string) => Date.parse(time) - Date.now();

describe('a debounced job', () => {
  it('starts some time after the last submit, as the last submit says', async () => {
    const queue = 'last';
    const debounce = { wait: '1h', key: 'document-17' };
    const { status, body: first } = await submit({ queue, payload: 1, debounce });
    expect([status, first.status]).toEqual([202, 'scheduled']);
    expect(msUntil(first.runAt)).toBeGreaterThan(3_500_000);
    const again = await submit({ queue, payload: 2, debounce: { ...debounce, wait: '2h' } });
    expect([again.status, again.headers['job-replaced'], again.body.id]).toEqual([200, 'true', first.id]);
    expect(again.body.payload).toBe(2);
    expect(msUntil(again.body.runAt)).toBeGreaterThan(7_100_000);
    const now = await submit({ queue, payload: 3, debounce: { ...debounce, wait: 0 } });
    expect(now.body).toMatchObject({ id: first.id, status: 'queued', payload: 3 });
  });

  it('starts no later than maxWait after the first submit', async () => {
    const job = { queue: 'bounded', debounce: { wait: '50m', maxWait: '1h', key: 'k' } };
    const { body: first } = await submit(job);
    expect(Date.parse(first.runAt) - Date.parse(first.createdAt)).toBe(3_000_000);
    const { body: second } = await submit(job);
    expect(second.runAt >= first.runAt).toBe(true);
    const { body: third } = await submit({ ...job, debounce: { ...job.debounce, wait: '1h' } });
    expect(Date.parse(third.runAt) - Date.parse(first.createdAt)).toBeLessThanOrEqual(3_600_000);
    expect(third.id).toBe(first.id);
  });

  it('follows a job that runs, and waits for its own time', async () => {
    const queue = 'follows';
    const worker = await workerOf(queue);
    const key = 'k';
    await submit({ queue, debounce: { wait: 0, key } });
    const running = await worker.take();
    const second = await submit({ queue, payload: 2, debounce: { wait: 0, key } });
    expect(second.body).toMatchObject({ heldBy: 'unique', payload: 2 });
    const third = await submit({ queue, payload: 3, debounce: { wait: '1h', key } });
    expect(third.body.id).toBe(second.body.id);
    await worker.complete(running, 1);
    const { status, payload, runAt = '' } = await api.get(second.body.id);
    expect([status, payload, msUntil(runAt) <= 3_600_000]).toEqual(['scheduled', 3, true]);
  });

  it('excludes other times and rules', async () => {
    const debounce = { wait: '1s' };
    for (const [job, pointers] of [
      [{ debounce, delay: 1 }, ['/delay']],
      [{ debounce, runAt: '2030-01-01T00:00:00Z' }, ['/runAt']],
      [{ debounce, unique: true }, ['/debounce']],
      [{ debounce, cache: 1 }, ['/cache']],
      [{ unique: true, cache: 1 }, ['/cache']],
      [{ debounce: {} }, ['/debounce/wait']],
      [{ debounce: '1s' }, ['/debounce']],
      [{ debounce: { wait: '2s', maxWait: '1s' } }, ['/debounce/maxWait']],
      [{ cache: {} }, ['/cache/for']],
      [{ cache: 'soon' }, ['/cache']],
      [{ cache: true }, ['/cache']],
      [{ cache: { for: '3651d' } }, ['/cache/for']],
      [{ cache: '3651d' }, ['/cache']],
    ] as const) {
      expectProblem(await submit(job), 400, 'invalid-request', pointers);
    }
  });
});

describe('a cached job', () => {
  const cached = ({ status, headers }: Awaited<ReturnType<typeof submit>>) => [status, headers['job-cached']];

  it('answers later submits with its result, and nothing runs', async () => {
    const queue = 'hit';
    const worker = await workerOf(queue);
    const job = { queue, payload: { n: 1 }, cache: '1h', resultTtl: 1_000 };
    const { status, body: first } = await submit(job);
    expect(status).toBe(202);
    await worker.complete(await worker.take(), { answer: 42 });
    const hit = await submit({ ...job, cache: { for: '10m' } });
    expect(cached(hit)).toEqual([200, 'true']);
    expect(hit.headers['location']).toBe(`/jobs/${first.id}`);
    expect(hit.body).toMatchObject({ id: first.id, status: 'completed', result: { answer: 42 } });
    // It is kept as long as it answers.
    expect(msUntil(hit.body.expiresAt)).toBeGreaterThan(3_500_000);
    expect(await worker.takeNow()).toEqual([]);
    await sweepAll(redis, queue);
    expect(cached(await submit(job))).toEqual([200, 'true']);
    const other = await submit({ ...job, payload: { n: 2 } });
    expect(other.status).toBe(202);
  });

  it('runs again once the time of the submit is over', async () => {
    const queue = 'stale';
    const worker = await workerOf(queue);
    const { body: first } = await submit({ queue, cache: 1 });
    await worker.complete(await worker.take(), 1);
    const later = await until(async () => {
      const answer = await submit({ queue, cache: 1 });
      return answer.body.id !== first.id && answer;
    }, 'the time to pass');
    expect(later.status).toBe(202);
    await worker.complete(await worker.take(), 2);
    const hit = await submit({ queue, cache: '1h' });
    expect(hit.body).toMatchObject({ id: later.body.id, result: 2 });
  });

  it('is one job for all that miss together, and all that wait get its result', async () => {
    const queue = 'miss';
    const worker = await workerOf(queue);
    const waits = [1, 2, 3].map((payload) =>
      submit({ queue, payload, cache: { for: '1h', key: 'k' } }, { prefer: 'wait=30' }),
    );
    await worker.complete(await worker.take(), 'shared');
    const answers = await Promise.all(waits);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.map(({ status, body }) => `${status} ${body.result}`)).toEqual(
      Array(3).fill('200 shared'),
    );
    expect(
      answers.filter(({ headers }) => headers['job-deduplicated'] ?? headers['job-cached']),
    ).toHaveLength(2);
  });

  it.each(['failed', 'cancelled', 'removed'] as const)('is no answer when it is %s', async (how) => {
    const queue = `not-${how}`;
    const worker = await workerOf(queue);
    const { body: first } = await submit({ queue, cache: '1h' });
    const delivery = await worker.take();
    if (how === 'failed') await worker.bury(delivery);
    if (how === 'removed') await worker.complete(delivery, 1);
    if (how === 'removed') await api.http.delete(`/jobs/${first.id}`).expect(204);
    if (how === 'cancelled') {
      await api.http.post(`/jobs/${first.id}/cancel`).expect(202);
      await worker.cancel(delivery);
    }
    expect((await submit({ queue, cache: '1h' })).status).toBe(202);
  });

  it('runs in a rerun all the same', async () => {
    const queue = 'rerun';
    const worker = await workerOf(queue);
    const { body: first } = await submit({ queue, payload: 1, cache: '1h', keepPayload: true });
    await worker.complete(await worker.take(), 1);
    const { body: again } = await api.http.post(`/jobs/${first.id}/rerun`).expect(202);
    expect(again.id).not.toBe(first.id);
  });

  it('is told apart in a batch', async () => {
    const queue = 'batch';
    const worker = await workerOf(queue);
    const job = { task: 'echo', queue, cache: '1h' };
    const { body: first } = await submit(job);
    await worker.complete(await worker.take(), 1);
    const { body } = await api.http.post('/jobs/batch').send({ jobs: [job] });
    expect(body.items).toEqual([{ index: 0, status: 200, id: first.id, cached: true }]);
  });
});
