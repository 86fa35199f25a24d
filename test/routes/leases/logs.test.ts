import { describe, expect, it } from 'vitest';
import { JobLog } from '../../../src/schemas/jobs/log.ts';
import { expectShape } from '../../helpers/api/expect-schema.ts';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { done, newQueue, post, takeOne } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

async function held(more: object = {}) {
  const queue = newQueue();
  const { id } = await api.submit({ queue, task: 'work', backoff: { type: 'fixed', delay: 1 }, ...more });
  return { queue, id, lease: (await takeOne(api, { queues: [queue] })).lease };
}

async function logOf(
  id: string,
  query = '',
): Promise<{ items: { line: number; message: string }[]; dropped: number }> {
  const { body } = await api.http.get(`/jobs/${id}/logs${query}`).expect(200);
  expectShape(JobLog, body);
  return body;
}

describe('the log of a job over HTTP', () => {
  it('takes a line or many, in any form, and shows them with number, time, attempt and level', async () => {
    const { id, lease } = await held();
    expect(await logOf(id)).toEqual({ items: [], dropped: 0 });
    const before = Date.now();
    for (const log of ['one', { level: 'WARN', message: 'two' }, ['three', { message: 'four' }], [], 5]) {
      expect(await post(api, `/jobs/${id}/log`, { lease, log })).toMatchObject(done(id, 'running'));
    }
    const { items, dropped } = await logOf(id);
    expect(dropped).toBe(0);
    expect(items).toMatchObject([
      { line: 1, attempt: 1, level: 'info', message: 'one' },
      { line: 2, level: 'warn', message: 'two' },
      { line: 3, level: 'info', message: 'three' },
      { line: 4, message: 'four' },
      { line: 5, message: '5' },
    ]);
    for (const { at } of items as unknown as { at: string }[]) {
      expect(Date.parse(at)).toBeGreaterThanOrEqual(before - 1_000);
    }
    expect((await logOf(id, '?after=3')).items.map(({ line }) => line)).toEqual([4, 5]);
    expect((await logOf(id, '?after=5')).items).toEqual([]);
    await api.http.get(`/jobs/${id}/logs?after=-1`).expect(400);
  });

  it('keeps the last lines of a report that is too long or cannot be read, and says what it has dropped', async () => {
    const { id, lease } = await held();
    const log = Array.from({ length: 1_200 }, (_, i) => `line ${i}`);
    await post(api, `/jobs/${id}/log`, { lease, log });
    const { items, dropped } = await logOf(id);
    expect([items.length, dropped, items[0]?.line]).toEqual([1_000, 200, 201]);
    expect((await logOf(id, '?after=100')).dropped).toBe(100);
    const body = `{"lease":"${lease}","log":"${'y'.repeat(9_000_000)}"}`;
    const answer = await send(api.origin, { path: `/jobs/${id}/log`, headers: JSON_TYPE, body });
    expect(answer).toMatchObject(done(id, 'running'));
    expect((await logOf(id)).items.at(-1)?.message).toContain('yyyy');
  });

  it('marks the lines of each attempt, and goes with the job', async () => {
    const { queue, id, lease } = await held({ resultTtl: '1h' });
    await post(api, `/jobs/${id}/log`, { lease, log: 'first' });
    await post(api, `/jobs/${id}/fail`, { lease, error: 'no' });
    const second = await takeOne(api, { queues: [queue] });
    await post(api, `/jobs/${id}/log`, { lease: second.lease, log: 'second' });
    await post(api, `/jobs/${id}/complete`, { lease: second.lease });
    expect((await logOf(id)).items).toMatchObject([
      { attempt: 1, message: 'first' },
      { attempt: 2, message: 'second' },
    ]);
    const [key = ''] = await redis.client.keys(`mr:{${queue}}:log:*`);
    expect(await redis.client.pttl(key)).toBeGreaterThan(3_500_000);
    await api.http.delete(`/jobs/${id}`).expect(204);
    expect(await redis.client.exists(key)).toBe(0);
    await api.http.get(`/jobs/${id}/logs`).expect(410);
  });

  it('of an attempt that has lost its lease gets a 409 and no line', async () => {
    const { id, lease } = await held();
    await post(api, `/jobs/${id}/log`, { lease, log: 'mine' });
    await post(api, `/jobs/${id}/release`, { lease, delayMs: 60_000 });
    expect(await post(api, `/jobs/${id}/log`, { lease, log: 'late' })).toMatchObject({
      status: 409,
      body: { code: 'stale-lease' },
    });
    expect((await logOf(id)).items).toHaveLength(1);
    await api.http.get('/jobs/nonsense/logs').expect(404);
    await api.http.get('/jobs/default~nmwtip4d3-0/logs').expect(404);
  });

  it('is empty for a job that waits, and for one that wrote nothing', async () => {
    const { id } = await api.submit({ queue: newQueue(), task: 'work' });
    expect(await logOf(id)).toEqual({ items: [], dropped: 0 });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    expect(await logOf(id)).toEqual({ items: [], dropped: 0 });
  });

  it('disappears with a result that expires', async () => {
    const { queue, id, lease } = await held({ resultTtl: 1_000 });
    await post(api, `/jobs/${id}/log`, { lease, log: 'here' });
    await post(api, `/jobs/${id}/complete`, { lease });
    await until(async () => (await api.http.get(`/jobs/${id}/logs`)).status === 410, 'the end of the log');
    expect(await redis.client.keys(`mr:{${queue}}:log:*`)).toEqual([]);
  });
});
