import { describe, expect, it } from 'vitest';
import { formatRef, parseJobId, type Ref } from '../../../../src/redis/job-id.ts';
import { queueKeys } from '../../../../src/redis/keys.ts';
import { expectProblem } from '../../../helpers/api/expect-schema.ts';
import { useApi } from '../../../helpers/api/server.ts';
import { until, useRedis } from '../../../helpers/redis/server.ts';
import { submitter, sweepAll } from '../../../helpers/unique/submit.ts';
import { useManualWorkers } from '../../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

const submit = submitter(api, { task: 'echo', unique: true });
function refOf(id: string): Ref {
  const parsed = parseJobId(id);
  if (parsed === undefined) throw new Error(`${id} is no id`);
  return parsed.ref;
}

const places = (queue: string) => redis.client.hlen(queueKeys('mr', queue).uniques);

describe('a unique job', () => {
  it('has its place until it has ended: through retries and recovery, until its end', async () => {
    const queue = 'moves';
    const worker = await workerOf(queue);
    const taken = async () => (await submit({ queue })).headers['job-deduplicated'] === 'true';
    const { body: first } = await submit({ queue });
    const running = await worker.take();
    expect(await taken()).toBe(true);
    await worker.retry(running, 0);
    expect(await taken()).toBe(true);
    await worker.release(await worker.take());
    expect(await taken()).toBe(true);
    await worker.complete(await worker.take(), 1);
    expect((await api.get(first.id)).status).toBe('completed');
    expect(await taken()).toBe(false);
  });

  it.each(['failed', 'cancelled', 'expired', 'removed', 'lost'] as const)(
    'frees its place when it is %s',
    async (how) => {
      const queue = `frees-${how}`;
      const worker = await workerOf(queue);
      const { body: first } = await submit({ queue, ...(how === 'expired' && { expiresIn: 0 }) });
      if (how === 'failed' || how === 'removed') await worker.bury(await worker.take());
      if (how === 'removed') await api.http.delete(`/jobs/${first.id}`).expect(204);
      if (how === 'cancelled') await api.http.post(`/jobs/${first.id}/cancel`).expect(200);
      if (how === 'expired') await api.get(first.id);
      if (how === 'lost') await redis.client.xdel(worker.keys.stream.normal, refOf(first.id).entryId);
      const { status, body } = await submit({ queue });
      expect([status, body.id === first.id]).toEqual([202, false]);
    },
  );

  it('has its place after a change, under its id', async () => {
    const { body: first } = await submit({ queue: 'changed', payload: 1 });
    await api.http.patch(`/jobs/${first.id}`).send({ payload: 2, priority: 'high' }).expect(200);
    const { headers, body } = await submit({ queue: 'changed', payload: 1 });
    expect(headers['job-deduplicated']).toBe('true');
    expect(body).toMatchObject({ id: first.id, payload: 2, priority: 'high' });
  });

  it('has its place only until it starts with until: started', async () => {
    const queue = 'started';
    const worker = await workerOf(queue);
    const job = { queue, unique: { until: 'started' } };
    const { body: first } = await submit(job);
    expect((await submit(job)).body.id).toBe(first.id);
    const running = await worker.take();
    const { status, body: second } = await submit(job);
    expect([status, second.id === first.id]).toEqual([202, false]);
    await worker.retry(running, 0);
    expect((await submit(job)).body.id).toBe(second.id);
  });

  it('has its place for a time, whatever becomes of it', async () => {
    const queue = 'throttled';
    const worker = await workerOf(queue);
    const job = { queue, unique: { for: '1h' } };
    const { body: first } = await submit(job);
    await worker.complete(await worker.take(), 'done');
    const again = await submit(job);
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ id: first.id, status: 'completed', result: 'done' });
    await api.http.delete(`/jobs/${first.id}`).expect(204);
    const removed = await submit(job);
    expectProblem(removed, 409, 'not-unique');
    expect(removed.body.jobId).toBe(first.id);
    const short = { queue, payload: 'short', unique: { for: 1 } };
    const { body: brief } = await submit(short);
    await worker.complete(await worker.take(), 1);
    await until(async () => (await submit(short)).body.id !== brief.id, 'the time to pass');
  });

  it('is a 409 when a dead letter is retried while its place is taken', async () => {
    const queue = 'retried';
    const worker = await workerOf(queue);
    const { body: first } = await submit({ queue });
    await worker.bury(await worker.take());
    const { body: second } = await submit({ queue });
    const refused = await api.http.post(`/jobs/${first.id}/retry`);
    expectProblem(refused, 409, 'not-unique');
    expect(refused.body.jobId).toBe(second.id);
    expect((await api.get(first.id)).status).toBe('failed');
    expect((await api.http.post(`/queues/${queue}/dead/retry`).send({})).body.count).toBe(0);
    await worker.complete(await worker.take(), 1);
    // The place may have been forgotten since.
    await sweepAll(redis, queue);
    expect(await places(queue)).toBe(0);
    await api.http.post(`/jobs/${first.id}/retry`).expect(202);
    expect((await submit({ queue })).body.id).toBe(first.id);
  });

  it('leaves nothing behind once it has ended', async () => {
    const queue = 'swept';
    const worker = await workerOf(queue);
    for (let payload = 0; payload < 30; payload += 1) {
      await submit({ queue, payload });
      await worker.complete(await worker.take(), 1);
    }
    // Each submit forgets some.
    expect(await places(queue)).toBeLessThan(10);
    const { body } = await submit({ queue, payload: 'open' });
    await redis.client.hset(worker.keys.uniques, { broken: '{', foreign: '{"r":"x"}', odd: '[]' });
    await sweepAll(redis, queue);
    const left = await redis.client.hvals(worker.keys.uniques);
    expect(left.map((text) => JSON.parse(text).r)).toEqual([formatRef(refOf(body.id))]);
  });
});
