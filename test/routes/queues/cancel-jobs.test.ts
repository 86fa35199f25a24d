import { describe, expect, it } from 'vitest';
import { redisTime } from '../../../src/redis/server-time.ts';
import { BulkStep } from '../../../src/schemas/bulk.ts';
import type { JobEvent } from '../../../src/schemas/event.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { take } from '../../helpers/leases/http-worker.ts';
import { untilAfter } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

async function step(queue: string, query: string): Promise<BulkStep> {
  const { body } = await api.http.delete(`/queues/${queue}/jobs?${query}`).expect(200);
  expectShape(BulkStep, body);
  return body;
}

/** All steps; what each of them has cancelled. */
async function steps(queue: string, query: string): Promise<number[]> {
  const counts: number[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const { count, nextCursor } = await step(queue, cursor === '' ? query : `${query}&cursor=${cursor}`);
    counts.push(count);
    cursor = nextCursor;
  }
  return counts;
}

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
const statsOf = async (queue: string) => (await api.http.get(`/queues/${queue}/stats`).expect(200)).body;
const statuses = (ids: readonly string[]) => Promise.all(ids.map(async (id) => (await api.get(id)).status));

/** Three jobs of each status, one of them of the task `other`. */
async function fill(queue: string): Promise<Record<string, string[]>> {
  const worker = await workerOf(queue);
  const submit = async (more: object = {}) => {
    const ids: string[] = [];
    for (const task of ['echo', 'other', 'echo']) ids.push((await api.submit({ task, queue, ...more })).id);
    return ids;
  };
  const failed = await submit();
  for (const delivery of await worker.takeNow(3)) await worker.bury(delivery);
  const retrying = await submit();
  for (const delivery of await worker.takeNow(3)) await worker.retry(delivery, 3_600_000);
  const running = await submit();
  expect(await worker.takeNow(3)).toHaveLength(3);
  const scheduled = await submit({ delay: '1h' });
  // Of each kind of queued job one: due now, urgent, plain.
  const queued = [
    (await api.submit({ task: 'echo', queue, delay: 1 })).id,
    (await api.submit({ task: 'other', queue, priority: 'critical' })).id,
    (await api.submit({ task: 'echo', queue })).id,
  ];
  return { failed, retrying, running, scheduled, queued };
}

describe('DELETE /queues/{name}/jobs', () => {
  it.each(['queued', 'scheduled', 'retrying'])(
    'cancels the %s jobs and leaves all others',
    async (status) => {
      const queue = `all-${status}`;
      const ids = await fill(queue);
      await untilAfter(redis, Date.parse((await api.get(ids['queued']?.[0] ?? '')).runAt ?? ''));
      expect(total(await steps(queue, `status=${status}`))).toBe(3);
      for (const [other, own] of Object.entries(ids)) {
        const expected = other === status ? 'cancelled' : other;
        expect(await statuses(own), other).toEqual(own.map(() => expected));
      }
      const { counts, totals } = await statsOf(queue);
      expect(counts).toEqual({ queued: 3, scheduled: 3, running: 3, retrying: 3, failed: 3, [status]: 0 });
      expect(totals.cancelled).toBe(3);
    },
  );

  it('gives each job the result and the event that a cancel gives it', async () => {
    const options = { task: 'echo', queue: 'ends', payload: 1, keepPayload: true, metadata: { of: 'test' } };
    const one = await api.submit(options);
    await api.http.post(`/jobs/${one.id}/cancel`).expect(200);
    const other = await api.submit(options);
    expect(await step('ends', 'status=queued')).toEqual({ count: 1 });
    const of = async (id: string) => {
      const { id: _, createdAt: __, finishedAt, expiresAt, ...rest } = await api.get(id);
      return { ...rest, keptMs: Date.parse(expiresAt ?? '') - Date.parse(finishedAt ?? '') };
    };
    expect(await of(other.id)).toEqual(await of(one.id));
    const { body } = await api.http.get('/queues/ends/history?type=cancelled').expect(200);
    expect(body.items.map(({ job }: JobEvent) => job)).toEqual([one.id, other.id]);
  });

  it('cancels the jobs of a task', async () => {
    const { queued = [] } = await fill('by-task');
    expect(total(await steps('by-task', 'status=queued&task=other'))).toBe(1);
    expect(await statuses(queued)).toEqual(['queued', 'cancelled', 'queued']);
    expect(total(await steps('by-task', 'status=scheduled&task=other&limit=1'))).toBe(1);
    expect((await statsOf('by-task')).counts).toMatchObject({ queued: 2, scheduled: 2, retrying: 3 });
  });

  it('goes in steps, and is done though many jobs are due at the same time', async () => {
    const at = new Date(Date.now() + 3_600_000).toISOString();
    const jobs = Array.from({ length: 250 }, (_, i) => ({ task: `t${i % 2}`, queue: 'many', runAt: at }));
    await api.http.post('/jobs/batch').send({ jobs }).expect(207);
    const counts = await steps('many', 'status=scheduled&task=t0&limit=20');
    expect(total(counts)).toBe(125);
    expect(Math.max(...counts)).toBeLessThanOrEqual(20);
    expect((await statsOf('many')).counts.scheduled).toBe(125);
    expect(total(await steps('many', 'status=scheduled'))).toBe(125);
    // Many jobs are one entry of events, so that a cancel of many does not push out all others.
    expect(await redis.client.xlen('mr:{many}:events')).toBeLessThan(40);
  });

  it('leaves alone what came after its first step, so that it ends', async () => {
    for (let i = 0; i < 3; i += 1) await api.submit({ task: 'echo', queue: 'fed' });
    let answer = await step('fed', 'status=queued&limit=1');
    const startedAt = await redisTime(redis.client);
    const counts = [answer.count];
    for (let i = 0; answer.nextCursor !== undefined && i < 20; i += 1) {
      await untilAfter(redis, startedAt);
      if (i < 3) await api.submit({ task: 'echo', queue: 'fed' });
      answer = await step('fed', `status=queued&limit=1&cursor=${answer.nextCursor}`);
      counts.push(answer.count);
    }
    expect([total(counts), answer.nextCursor]).toEqual([3, undefined]);
    expect((await statsOf('fed')).counts.queued).toBe(3);
  });

  it('cancels jobs that wait for a worker with their task', async () => {
    const { id } = await api.submit({ task: 'rare', queue: 'held' });
    await take(api, { queues: ['held'], tasks: ['common'] });
    expect(await api.get(id)).toMatchObject({ status: 'queued', heldBy: 'task' });
    expect(await step('held', 'status=queued')).toEqual({ count: 1 });
    expect((await api.get(id)).status).toBe('cancelled');
    expect(await redis.client.exists('mr:{held}:holds', 'mr:{held}:notes', 'mr:{held}:due:normal')).toBe(0);
  });

  it('removes failed jobs', async () => {
    const { failed = [] } = await fill('failed');
    expect(total(await steps('failed', 'status=failed&task=other'))).toBe(1);
    expect(total(await steps('failed', 'status=failed&limit=1'))).toBe(2);
    for (const id of failed) await api.http.get(`/jobs/${id}`).expect(410);
    expect((await statsOf('failed')).totals).toMatchObject({ purged: 3, cancelled: 0 });
  });

  it('leaves jobs running that start between its steps', async () => {
    const worker = await workerOf('started');
    for (let i = 0; i < 4; i += 1) await api.submit({ task: 'echo', queue: 'started' });
    const { nextCursor } = await step('started', 'status=queued&limit=1');
    const [delivery] = await worker.takeNow(1);
    expect(total(await steps('started', `status=queued&cursor=${nextCursor}`))).toBe(2);
    const { counts } = await statsOf('started');
    expect(counts).toMatchObject({ queued: 0, running: 1 });
    if (delivery === undefined) throw new Error('nothing was taken');
    expect(await worker.complete(delivery, 1)).toBe('done');
  });

  it('refuses a selection that is not one', async () => {
    await api.submit({ task: 'echo', queue: 'refused' });
    const path = '/queues/refused/jobs';
    expectProblem(await api.http.delete(path), 400, 'invalid-request', ['/status']);
    for (const status of ['running', 'completed', 'all'])
      expectProblem(await api.http.delete(`${path}?status=${status}`), 400, 'invalid-request', ['/status']);
    expectProblem(await api.http.delete(`${path}?status=queued&limit=0`), 400, 'invalid-request', ['/limit']);
    expectProblem(await api.http.delete(`${path}?status=queued&tsak=a`), 400, 'invalid-request', ['/tsak']);
    expectProblem(await api.http.delete(`${path}?status=queued&cursor=x`), 400, 'invalid-request', [
      '/cursor',
    ]);
    expectProblem(await api.http.delete('/queues/none/jobs?status=queued'), 404, 'queue-not-found');
    expect((await statsOf('refused')).counts.queued).toBe(1);
  });
});
