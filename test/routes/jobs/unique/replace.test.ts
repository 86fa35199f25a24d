import { describe, expect, it } from 'vitest';
import { useApi } from '../../../helpers/api/server.ts';
import { useRedis } from '../../../helpers/redis/server.ts';
import { submitter, sweepAll } from '../../../helpers/unique/submit.ts';
import { useManualWorkers } from '../../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);
const replacing = (key?: string) => ({ onConflict: 'replace', ...(key !== undefined && { key }) });
const submit = submitter(api, { task: 'echo', unique: replacing('k') });

const replaced = ({ status, headers }: Awaited<ReturnType<typeof submit>>) => [
  status,
  headers['job-replaced'],
];

describe('a unique job with replace', () => {
  it('takes the place of the payload, options and time of a job that waits, which keeps its id', async () => {
    const queue = 'waits';
    const { body: first } = await submit({
      queue,
      payload: 1,
      priority: 'low',
      metadata: { a: '1' },
      delay: '1h',
    });
    const answer = await submit({ queue, payload: 2, priority: 'high', attempts: 2, expiresIn: '1h' });
    expect(replaced(answer)).toEqual([200, 'true']);
    expect(answer.headers['location']).toBe(`/jobs/${first.id}`);
    expect(answer.body).toMatchObject({
      id: first.id,
      status: 'queued',
      payload: 2,
      priority: 'high',
      maxAttempts: 2,
      createdAt: first.createdAt,
    });
    expect(answer.body.metadata).toBeUndefined();
    const expiresIn = Date.parse(answer.body.expiresAt) - Date.now();
    expect(expiresIn > 3_500_000 && expiresIn <= 3_600_000).toBe(true);
    const worker = await workerOf(queue);
    const [delivery, ...others] = await worker.takeNow(10);
    expect(others).toEqual([]);
    if (delivery === undefined) throw new Error('no job was taken');
    await worker.complete(delivery, 'done');
    expect(await api.get(first.id)).toMatchObject({ status: 'completed', result: 'done' });
    expect((await api.http.get(`/queues/${queue}/stats`)).body.totals).toMatchObject({
      submitted: 1,
      completed: 1,
    });
  });

  it('takes the place of a job that waits for another attempt, and begins anew', async () => {
    const queue = 'retrying';
    const worker = await workerOf(queue);
    const { body: first } = await submit({ queue, payload: 1 });
    await worker.retry(await worker.take(), 3_600_000);
    const answer = await submit({ queue, payload: 2 });
    expect(answer.body).toMatchObject({ id: first.id, status: 'queued', attempt: 0, payload: 2 });
    expect(answer.body.errors).toBeUndefined();
    const delivery = await worker.take();
    expect([delivery.attempt, delivery.token]).toEqual([1, 1]);
    await worker.complete(delivery, 'done');
  });

  it('follows a job that runs, is replaced by later ones, and runs after that', async () => {
    const queue = 'runs';
    const worker = await workerOf(queue);
    const { body: first } = await submit({ queue, payload: 1 });
    const running = await worker.take();
    const second = await submit({ queue, payload: 2, priority: 'high' });
    expect([second.status, second.headers['job-replaced'], second.body.id === first.id]).toEqual([
      202,
      undefined,
      false,
    ]);
    expect(second.body).toMatchObject({ status: 'queued', heldBy: 'unique', payload: 2 });
    const third = await submit({ queue, payload: 3, priority: 'low' });
    expect(replaced(third)).toEqual([200, 'true']);
    expect(third.body).toMatchObject({ id: second.body.id, heldBy: 'unique', payload: 3, priority: 'low' });
    expect(await worker.takeNow(10)).toEqual([]);
    await worker.retry(running, 0);
    const again = await worker.take();
    expect(await worker.takeNow(10)).toEqual([]);
    await worker.complete(again, 1);
    const last = await worker.take();
    await worker.complete(last, 3);
    expect(await api.get(second.body.id)).toMatchObject({ status: 'completed', result: 3 });
    expect((await submit({ queue })).status).toBe(202);
  });

  it.each(['completed', 'failed', 'cancelled', 'enforced'] as const)(
    'runs when the one before has %s',
    async (how) => {
      const queue = `after-${how}`;
      const worker = await workerOf(queue);
      const { body: first } = await submit({ queue, payload: 1 });
      const running = await worker.take();
      const { body: second } = await submit({ queue, payload: 2 });
      if (how === 'completed') await worker.complete(running, 1);
      if (how === 'failed') await worker.bury(running);
      if (how === 'cancelled') {
        await api.http.post(`/jobs/${first.id}/cancel`).expect(202);
        await worker.cancel(running);
      }
      if (how === 'enforced') {
        await redis.client.hset(worker.keys.notes, `${running.place[0]}${running.entryId}:c`, 1);
        await api.http.post(`/jobs/${first.id}/cancel`).expect(200);
      }
      const next = await worker.take();
      expect((await api.get(second.id)).status).toBe('running');
      await worker.complete(next, 2);
      const left = await redis.client.hgetall(worker.keys.notes);
      expect(Object.keys(left).filter((field) => /:[fh]$/.test(field))).toEqual([]);
    },
  );

  it('waits for its own time behind the one that runs', async () => {
    const queue = 'later';
    const worker = await workerOf(queue);
    await submit({ queue });
    const running = await worker.take();
    const { body: second } = await submit({ queue, delay: '1h', priority: 'high' });
    await worker.complete(running, 1);
    expect(await api.get(second.id)).toMatchObject({
      status: 'scheduled',
      runAt: second.runAt,
      priority: 'high',
    });
    expect(await worker.takeNow(10)).toEqual([]);
  });

  it('stays behind the one that runs when it is changed, and can be cancelled', async () => {
    const queue = 'changed';
    const worker = await workerOf(queue);
    await submit({ queue, payload: 1 });
    const running = await worker.take();
    const { body: second } = await submit({ queue, payload: 2 });
    const { body: changed } = await api.http
      .patch(`/jobs/${second.id}`)
      .send({ priority: 'critical', delay: 0 });
    expect(changed).toMatchObject({ id: second.id, heldBy: 'unique', priority: 'critical' });
    expect(await worker.takeNow(10)).toEqual([]);
    await api.http.post(`/jobs/${second.id}/cancel`).expect(200);
    const third = await submit({ queue, payload: 3 });
    expect(third.status).toBe(202);
    await worker.complete(running, 1);
    const next = await worker.take();
    expect((await api.get(third.body.id)).status).toBe('running');
    await worker.complete(next, 1);
  });

  it('starts after the time that keeps the place, and later ones replace it', async () => {
    const queue = 'throttled';
    const worker = await workerOf(queue);
    const job = { queue, unique: { ...replacing(), for: '1h' } };
    await submit(job);
    await worker.complete(await worker.take(), 1);
    const second = await submit(job);
    expect([second.status, second.body.status]).toEqual([202, 'scheduled']);
    const wait = Date.parse(second.body.runAt) - Date.now();
    expect(wait > 3_500_000 && wait <= 3_600_000).toBe(true);
    const third = await submit({ ...job, priority: 'high' });
    expect(replaced(third)).toEqual([200, 'true']);
    expect(third.body).toMatchObject({ id: second.body.id, runAt: second.body.runAt, status: 'scheduled' });
  });

  it('is not held for ever when an accident has taken the one before', async () => {
    for (const how of ['sweep', 'submit'] as const) {
      const queue = `lost-${how}`;
      const worker = await workerOf(queue);
      await submit({ queue });
      const running = await worker.take();
      const { body: second } = await submit({ queue });
      await redis.client.xdel(worker.keys.stream[running.place], running.entryId);
      if (how === 'sweep') await sweepAll(redis, queue);
      else expect((await submit({ queue, payload: 3 })).body.id).toBe(second.id);
      const next = await worker.take();
      expect((await api.get(second.id)).status).toBe('running');
      await worker.complete(next, 1);
    }
  });

  it('is not held for ever when an accident has taken the pointer', async () => {
    const queue = 'pointless';
    const worker = await workerOf(queue);
    await submit({ queue });
    const running = await worker.take();
    const { body: second } = await submit({ queue });
    await redis.client.del(worker.keys.uniques);
    await sweepAll(redis, queue);
    await worker.take();
    expect((await api.get(second.id)).status).toBe('running');
    await worker.complete(running, 1);
  });

  it('keeps following through a sweep while the one before runs', async () => {
    const queue = 'swept';
    const worker = await workerOf(queue);
    await submit({ queue });
    const running = await worker.take();
    const { body: second } = await submit({ queue, payload: 2 });
    await submit({ queue, payload: 3 });
    await sweepAll(redis, queue);
    expect((await api.get(second.id)).heldBy).toBe('unique');
    await worker.complete(running, 1);
    await worker.complete(await worker.take(), 1);
  });

  it('is replaced in a batch', async () => {
    const jobs = [1, 2].map((payload) => ({ task: 'echo', queue: 'batch', unique: replacing('b'), payload }));
    const { body } = await api.http.post('/jobs/batch').send({ jobs });
    const [first, second] = body.items;
    expect(first.status).toBe(202);
    expect(second).toEqual({ index: 1, status: 200, id: first.id, replaced: true });
  });

  it('is found by its new tags alone', async () => {
    const find = async (tag: string) =>
      (await api.http.get(`/jobs?tag=${tag}&queue=tags`).expect(200)).body.items.map(
        ({ id }: { id: string }) => id,
      );
    const { body: first } = await submit({ queue: 'tags', tags: ['old', 'both'] });
    expect(await find('old')).toEqual([first.id]);
    await submit({ queue: 'tags', tags: ['new', 'both'] });
    expect(await Promise.all(['old', 'new', 'both'].map(find))).toEqual([[], [first.id], [first.id]]);
  });

  it('tells streams of the change', async () => {
    const { body: first } = await submit({ queue: 'events' });
    await submit({ queue: 'events', payload: 2 });
    const entries = await redis.client.xrange('mr:{events}:events', '-', '+');
    expect(entries.map(([, fields]) => fields)).toEqual([['e', 'changed', 'j', expect.any(String)]]);
    expect(first.status).toBe('queued');
  });
});
