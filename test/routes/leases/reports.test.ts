import { describe, expect, it } from 'vitest';
import { MAX_LEASE_MS } from '../../../src/schemas/lease.ts';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import {
  done,
  newQueue,
  post,
  type SettledJobs,
  submitMany,
  take,
  takeOne,
} from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, { MAX_PAYLOAD_BYTES: '2000' });

/** A job that a worker holds. */
async function held(more: object = {}): Promise<{ id: string; lease: string }> {
  const queue = newQueue();
  const { id } = await api.submit({ queue, task: 'work', attempts: 2, ...more });
  return { id, lease: (await takeOne(api, { queues: [queue] })).lease };
}

describe('a failure', () => {
  it.each<[string, object, object]>([
    [
      'a long message',
      { error: { message: 'm'.repeat(70_000) } },
      { message: expect.stringMatching(/^m{4000}…$/) },
    ],
    ['a name of a wrong type', { error: { message: 'm', name: 5 } }, { message: 'm', name: '5' }],
    ['just a text', { error: 'no disk' }, { message: 'no disk' }],
    [
      'an object without message',
      { error: { code: 'E' } },
      { message: expect.stringContaining('"code":"E"') },
    ],
    [
      'its code, its cause and its parts',
      {
        error: { message: 'm', code: 404, cause: { message: 'c', code: 'E', cause: 'root' }, errors: ['p'] },
      },
      {
        message: 'm',
        code: 404,
        cause: { message: 'c', code: 'E', cause: { message: 'root' } },
        errors: [{ message: 'p' }],
      },
    ],
    ['unknown members', { error: { message: 'm', file: 'x' }, host: 'h' }, { message: 'm' }],
    ['no error', {}, { message: 'The worker reported no error' }],
    ['null', { error: null, retryable: null, retryInMs: null }, { message: 'The worker reported no error' }],
  ])('is taken with %s', async (_, body, error) => {
    const { id, lease } = await held();
    expect(await post(api, `/jobs/${id}/fail`, { lease, ...body })).toMatchObject(done(id, 'retrying'));
    expect((await api.get(id)).errors).toMatchObject([error]);
  });

  it.each([
    [1_234.5, 1_235],
    [-5, 0],
    [1e40, 3_650 * 86_400_000],
    ['2s', 2_000],
  ])('with retryInMs %s is retried after %s ms', async (retryInMs, ms) => {
    const { id, lease } = await held();
    const before = Date.now();
    await post(api, `/jobs/${id}/fail`, { lease, error: 'x', retryInMs });
    const { runAt = '' } = await api.get(id);
    expect(Date.parse(runAt)).toBeGreaterThanOrEqual(before + ms);
    expect(Date.parse(runAt)).toBeLessThanOrEqual(Date.now() + ms);
  });
});

describe('a result that is too large', () => {
  it('fails the job for good, and says so in the answer to each repetition', async () => {
    const { id, lease } = await held();
    for (let time = 0; time < 2; time += 1) {
      const answer = await post(api, `/jobs/${id}/complete`, { lease, result: 'x'.repeat(2_000) });
      expect(answer).toMatchObject(done(id, 'failed'));
    }
    expect(await api.get(id)).toMatchObject({
      status: 'failed',
      error: { name: 'result-too-large', message: expect.stringContaining('2002 bytes') },
    });
  });

  it.each(['first', 'last', 'url'])(
    'fails the job even if its report is not read (lease: %s)',
    async (place) => {
      const { id, lease } = await held();
      const big = `"result":"${'x'.repeat(9_000_000)}"`;
      const own = `"lease":"${lease}"`;
      const body = { first: `{${own},${big}}`, last: `{${big},${own}}`, url: `{${big}}` }[place];
      const path = `/jobs/${id}/complete${place === 'url' ? `?lease=${lease}` : ''}`;
      expect(await send(api.origin, { path, headers: JSON_TYPE, body })).toMatchObject(done(id, 'failed'));
      expect((await api.get(id)).error).toMatchObject({ name: 'result-too-large' });
    },
  );

  it('is a clear 413 where nobody can tell whose it is', async () => {
    const { id, lease } = await held();
    const body = JSON.stringify({ a: 1, lease, result: 'x'.repeat(9_000_000) });
    const refused = await send(api.origin, { path: `/jobs/${id}/complete`, headers: JSON_TYPE, body });
    expect(refused).toMatchObject({ status: 413, body: { detail: expect.stringContaining('?lease=') } });
    const settle = await send(api.origin, { path: `/leases/${lease}/settle`, headers: JSON_TYPE, body });
    expect(settle).toMatchObject({ status: 413, body: { detail: expect.stringContaining('fewer jobs') } });
    expect((await api.get(id)).status).toBe('running');
  });

  it('does not hold up the jobs beside it, nor does an item that cannot be read', async () => {
    const queue = newQueue();
    const [a, b, c, d] = await submitMany(api, queue, 4);
    const { lease } = await take(api, { queues: [queue], max: 4 });
    const answer = await post(api, `/leases/${lease}/settle`, {
      complete: [
        { id: a, result: 'x'.repeat(3_000) },
        { id: b, result: 'y'.repeat(1_900) },
        { result: 1 },
        { id: a },
      ],
      fail: [{ id: c, error: { message: 'm'.repeat(70_000), name: [] }, retryInMs: 0.5 }],
      release: [{ id: d, delayMs: -1 }],
    });
    expect(answer.status).toBe(207);
    expect((answer.body as SettledJobs).items).toMatchObject([
      { id: a, status: 200, jobStatus: 'failed' },
      { id: b, status: 200, jobStatus: 'completed' },
      { id: '', status: 400, problem: { code: 'invalid-request' } },
      { id: a, status: 400, problem: { code: 'invalid-request' } },
      { id: c, status: 200, jobStatus: 'retrying' },
      { id: d, status: 200, jobStatus: 'queued' },
    ]);
  });
});

describe('other reports', () => {
  it('are taken with numbers that are limited and rounded', async () => {
    const { id, lease } = await held();
    for (const leaseMs of [1e99, 'long', null, -3, 30_000.4]) {
      expect((await post(api, `/leases/${lease}/heartbeat`, { leaseMs, extra: 1 })).status).toBe(200);
    }
    await post(api, `/leases/${lease}/heartbeat`, { leaseMs: 1e99 });
    const { expiresAt } = (await post(api, `/leases/${lease}/heartbeat`, { leaseMs: 1e99 })).body as {
      expiresAt: string;
    };
    expect(Date.parse(expiresAt)).toBeLessThanOrEqual(Date.now() + MAX_LEASE_MS);
    expect(await post(api, `/jobs/${id}/release`, { lease, delayMs: 'x', why: 'none' })).toMatchObject(
      done(id, 'queued'),
    );
  });

  it('of progress keep its beginning when it is too long', async () => {
    const { id, lease } = await held();
    const progress = { text: 'x'.repeat(16_000) };
    expect(await post(api, `/jobs/${id}/progress`, { lease, progress })).toMatchObject(done(id, 'running'));
    expect((await api.get(id)).progress).toMatch(/^\{"text":"x+…$/);
    const body = `{"lease":"${lease}","progress":"${'y'.repeat(9_000_000)}"}`;
    const path = `/jobs/${id}/progress`;
    expect(await send(api.origin, { path, headers: JSON_TYPE, body })).toMatchObject(done(id, 'running'));
  });

  it('need a lease', async () => {
    const { id } = await held();
    for (const lease of [undefined, null, 5, 'nonsense']) {
      expect(await post(api, `/jobs/${id}/complete`, { lease })).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: '/lease' }] },
      });
    }
    expect((await post(api, `/jobs/${id}/complete`, [])).status).toBe(400);
  });
});

describe('a silent worker', () => {
  it('loses its job at the timeout, long before the end of its lease', async () => {
    const queue = newQueue();
    const { id } = await api.submit({ queue, task: 'work', timeout: 300, attempts: 1 });
    const { lease } = await takeOne(api, { queues: [queue], leaseMs: 600_000 });
    const job = await until(async () => {
      const found = await api.get(id);
      return found.status === 'failed' && found;
    }, 'the timeout');
    expect(job.error).toMatchObject({ name: 'timeout' });
    const ranMs = Date.parse(job.finishedAt ?? '') - Date.parse(job.startedAt ?? '');
    expect(ranMs).toBeGreaterThanOrEqual(300);
    expect(await post(api, `/jobs/${id}/complete`, { lease })).toMatchObject({ status: 409 });
  });
});
