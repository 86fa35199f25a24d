import { describe, expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { expectProblem } from '../../helpers/api/expect-schema.ts';
import { type Answer, JSON_TYPE, NDJSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { finderOf, idsOf } from '../../helpers/jobs/find.ts';
import { isOnCluster, useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis, { MAX_PAYLOAD_BYTES: '50000' });
const workerOf = useManualWorkers(redis);

const submit = async (key: string, body: object): Promise<Job> =>
  (await send(api.origin, { headers: { ...JSON_TYPE, 'idempotency-key': key }, body: JSON.stringify(body) }))
    .body;

const batch = (key: string, jobs: readonly object[]): Promise<Answer> =>
  send(api.origin, {
    path: '/jobs/batch',
    headers: { ...NDJSON_TYPE, 'idempotency-key': key },
    body: jobs.map((job) => JSON.stringify(job)).join('\n'),
  });

const { find, findAll } = finderOf(api);

describe('GET /jobs?idempotencyKey=', () => {
  it('finds the job that a submit with the key has stored, in whatever status', async () => {
    const worker = await workerOf('one');
    const { id } = await submit('"a b"', { task: 'echo', queue: 'one', payload: 7 });
    expect((await find({ idempotencyKey: 'a b', queue: 'one' })).body.items).toMatchObject([
      { id, status: 'queued', payload: 7 },
    ]);
    await worker.complete(await worker.take(), 'done');
    expect((await find({ idempotencyKey: 'a b', queue: 'one' })).body).toMatchObject({
      items: [{ id, status: 'completed', result: 'done' }],
    });
    await api.http.delete(`/jobs/${id}`).expect(204);
    expect((await find({ idempotencyKey: 'a b', queue: 'one' })).body).toEqual({ items: [] });
  });

  it('looks in the queue "default" unless the query names one, and finds nothing for an unknown key', async () => {
    const { id } = await submit('k', { task: 'echo' });
    expect(idsOf((await find({ idempotencyKey: 'k' })).body.items)).toEqual([id]);
    for (const query of [{ idempotencyKey: 'other' }, { idempotencyKey: 'k', queue: 'nobody-used-it' }]) {
      expect((await find(query).expect(200)).body).toEqual({ items: [] });
    }
  });

  it.skipIf(isOnCluster)(
    'lists the jobs of a batch over several queues in the order of the request, page by page',
    async () => {
      const queues = ['left', 'left', 'right', 'left'];
      const answer = await batch(
        'k',
        queues.map((queue, payload) => ({ task: 'echo', queue, payload })),
      );
      const jobs = await findAll({ idempotencyKey: 'k', queue: 'left', limit: 1 });
      expect(idsOf(jobs)).toEqual(idsOf(answer.body.items));
      expect(jobs.map(({ payload }) => payload)).toEqual([0, 1, 2, 3]);
      expect((await find({ idempotencyKey: 'k', queue: 'left', payload: false })).body.items[0].payload).toBe(
        undefined,
      );
    },
  );

  it('finds all parts of a long batch', async () => {
    const jobs = Array.from({ length: 1_200 }, (_, i) => ({
      task: i < 500 ? 'a b' : 'echo',
      queue: 'long',
      payload: i,
    }));
    const answer = await batch('k', [{ task: 'echo', queue: 'long' }, ...jobs]);
    const found = await findAll({ idempotencyKey: 'k', queue: 'long', limit: 400 });
    expect(found).toHaveLength(701);
    expect(idsOf(found)).toEqual(idsOf(answer.body.items));
  });

  it('bounds a page in bytes, also where later jobs are larger than the first ones', async () => {
    const payloadOf = (i: number) => 'x'.repeat(i < 100 ? 1_000 : 48_000);
    await batch(
      'k',
      Array.from({ length: 300 }, (_, i) => ({ task: 'echo', queue: 'large', payload: payloadOf(i) })),
    );
    const { body } = await find({ idempotencyKey: 'k', queue: 'large', limit: 1_000 }).expect(200);
    const bytes = (body.items as Job[]).reduce((sum, job) => sum + JSON.stringify(job).length, 0);
    expect(bytes).toBeLessThanOrEqual(8 * 1_048_576);
    expect(body.items.length).toBeGreaterThan(200);
    expect(await findAll({ idempotencyKey: 'k', queue: 'large', limit: 1_000 })).toHaveLength(300);
  });

  it('refuses a query with a wrong key, with other filters, and with a cursor of another list', async () => {
    expectProblem(await find({ idempotencyKey: 'é' }), 400, 'invalid-request', ['/idempotencyKey']);
    expectProblem(await find({ idempotencyKey: 'k', cursor: 'x' }), 400, 'invalid-request', ['/cursor']);
    expectProblem(await find({ idempotencyKey: 'k', status: 'queued' }), 400, 'invalid-request', ['/status']);
  });
});
