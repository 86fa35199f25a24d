import { describe, expect, it } from 'vitest';
import { Job, type Job as JobShape } from '../../../src/schemas/job.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

const rerun = (id: string, body?: object, headers: Record<string, string> = {}) =>
  send(api.origin, {
    path: `/jobs/${id}/rerun`,
    headers: { ...(body && JSON_TYPE), ...headers },
    body: body && JSON.stringify(body),
  });

const OPTIONS = {
  task: 'echo',
  priority: 'high',
  attempts: 'unlimited',
  backoff: { type: 'fixed', delay: 7 },
  timeout: 60_000,
  expiresIn: 3_600_000,
  resultTtl: 600_000,
  key: 'customer-17',
  metadata: { of: 'test' },
};

/** Submits a job and ends it as a test says. */
async function ended(
  queue: string,
  how: 'completed' | 'failed' | 'cancelled' | 'expired',
  more: object = {},
): Promise<JobShape> {
  const worker = await workerOf(queue);
  const { id } = await api.submit({ ...OPTIONS, queue, payload: { n: 1 }, ...more });
  if (how === 'completed') await worker.complete(await worker.take(), 'done');
  if (how === 'failed') await worker.bury(await worker.take());
  if (how === 'cancelled') await api.http.post(`/jobs/${id}/cancel`).expect(200);
  return api.get(id);
}

describe('POST /jobs/{id}/rerun', () => {
  it.each(['completed', 'failed', 'cancelled', 'expired'] as const)(
    'submits a new job like a %s one',
    async (how) => {
      const queue = `like-${how}`;
      const expired = how === 'expired' && { expiresIn: 0 };
      const old = await ended(queue, how, {
        keepPayload: true,
        delay: how === 'cancelled' ? '1h' : 0,
        ...expired,
      });
      expect(old.status).toBe(how);
      const { status, headers, body } = await rerun(old.id, expired ? { expiresIn: '1h' } : undefined);
      expectShape(Job, body);
      expect([status, headers['location']]).toEqual([202, `/jobs/${body.id}`]);
      expect(body.id).not.toBe(old.id);
      expect(body).toMatchObject({
        status: 'queued',
        queue,
        priority: 'high',
        maxAttempts: 'unlimited',
        payload: { n: 1 },
        key: 'customer-17',
        metadata: { of: 'test' },
        rerunOf: old.id,
      });
      expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBe(3_600_000);
      expect(await api.get(body.id)).toMatchObject({ id: body.id, rerunOf: old.id });
      expect(await api.get(old.id)).toMatchObject({ id: old.id, status: how });
    },
  );

  it('takes every member of a submit as a change', async () => {
    const old = await ended('changes', 'failed');
    const changes = {
      task: 'other',
      queue: 'changed',
      payload: 2,
      priority: 'low',
      attempts: 3,
      delay: '1h',
      metadata: {},
    };
    const { body } = await rerun(old.id, changes);
    expect(body).toMatchObject({
      task: 'other',
      queue: 'changed',
      payload: 2,
      priority: 'low',
      maxAttempts: 3,
      status: 'scheduled',
      metadata: {},
    });
  });

  it('says that the payload is missing, unless the body has one', async () => {
    const old = await ended('lost', 'completed');
    const answer = await rerun(old.id);
    expectProblem(answer, 409, 'payload-not-kept', ['/payload']);
    expect(answer.body.detail).toContain('keepPayload');
    expect((await rerun(old.id, { payload: null })).body).toMatchObject({ payload: null, task: 'echo' });
  });

  it('stores one job for each Idempotency-Key, also when the ended job is gone', async () => {
    const old = await ended('once', 'failed');
    const key = { 'idempotency-key': 'k' };
    const first = await rerun(old.id, { payload: 1 }, key);
    await api.http.delete(`/jobs/${old.id}`).expect(204);
    const again = await rerun(old.id, { payload: 1 }, key);
    expect([again.status, again.body.id, again.headers['idempotency-replayed']]).toEqual([
      202,
      first.body.id,
      'true',
    ]);
    expectProblem(await rerun(old.id, { payload: 2 }, key), 422, 'idempotency-mismatch');
  });

  it('waits for the end of the new job', async () => {
    const worker = await workerOf('waits');
    const old = await ended('waits', 'failed');
    const answer = rerun(old.id, {}, { prefer: 'wait=30' });
    await worker.complete(await worker.take(), 'again');
    expect(await answer).toMatchObject({
      status: 200,
      body: { status: 'completed', result: 'again', rerunOf: old.id },
    });
  });

  it('refuses jobs that have not ended, are gone or never were, and bodies that are no job', async () => {
    const waiting = await api.submit({ task: 'echo', queue: 'refused' });
    const refused = await rerun(waiting.id);
    expectProblem(refused, 409, 'job-not-finished');
    expect(refused.body.jobStatus).toBe('queued');
    expectProblem(await rerun('nothing'), 404, 'job-not-found');
    const old = await ended('refused', 'failed');
    expectProblem(await rerun(old.id, { attempts: 0, x: 1 }), 400, 'invalid-request', ['/attempts', '/x']);
    expectProblem(await rerun(old.id, { delay: 1, runAt: '2099-01-01T00:00:00Z' }), 400, 'invalid-request', [
      '/runAt',
    ]);
    await api.http.delete(`/jobs/${old.id}`).expect(204);
    expectProblem(await rerun(old.id), 410, 'job-gone');
  });

  it('copies a payload as text', async () => {
    const headers = JSON_TYPE;
    const payload = '{"n":9007199254740993,"x":1e400,"y":-0}';
    const submit = await send(api.origin, {
      headers,
      body: `{"task":"echo","queue":"text","keepPayload":true,"payload":${payload}}`,
    });
    const worker = await workerOf('text');
    await worker.complete(await worker.take(), 1);
    expect((await rerun(submit.body.id)).text).toContain(`"payload":${payload}`);
  });
});
