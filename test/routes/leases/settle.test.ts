import { describe, expect, it } from 'vitest';
import { LOOK_AFTER_MS } from '../../../src/leases/scripts/http-queues.ts';
import { expectProblem } from '../../helpers/api/expect-schema.ts';
import type { Answer } from '../../helpers/api/send.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import {
  completing,
  idsOf,
  newQueue,
  post,
  type SettledJobs,
  submitMany,
  take,
} from '../../helpers/leases/http-worker.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

const bodyOf = (answer: Answer): SettledJobs => answer.body as SettledJobs;

describe('settling many jobs', () => {
  it('answers for each job, and takes the next ones under the same lease', async () => {
    const queue = newQueue();
    const ids = await submitMany(api, queue, 6);
    const taken = await take(api, { queues: [queue], max: 4 });
    expect(idsOf(taken)).toEqual(ids.slice(0, 4));
    const [a, b, c, d] = ids;
    const answer = await post(api, `/leases/${taken.lease}/settle?next=10`, {
      complete: [{ id: a, result: 'a' }, { id: `${queue}~nzzzzzzzz-0` }],
      fail: [
        { id: b, error: { message: 'x' }, retryable: false },
        { id: c, error: { message: 'y' }, retryInMs: 60_000 },
      ],
      release: [{ id: d, delayMs: 60_000 }],
    });
    expect(answer.status).toBe(207);
    expect(bodyOf(answer).items).toMatchObject([
      { id: a, status: 200, jobStatus: 'completed' },
      { id: `${queue}~nzzzzzzzz-0`, status: 404, problem: { code: 'job-not-found' } },
      { id: b, status: 200, jobStatus: 'failed' },
      { id: c, status: 200, jobStatus: 'retrying', retryInMs: 60_000 },
      { id: d, status: 200, jobStatus: 'retrying' },
    ]);
    expect(bodyOf(answer).lease).toBe(taken.lease);
    expect(idsOf(bodyOf(answer))).toEqual(ids.slice(4));
    expect(await api.get(a ?? '')).toMatchObject({ status: 'completed', result: 'a' });
  });

  it('returns the same next jobs to a repeated request', async () => {
    const queue = newQueue();
    const ids = await submitMany(api, queue, 6);
    const { lease } = await take(api, { queues: [queue], max: 2 });
    const call = () => post(api, `/leases/${lease}/settle?next=2`, completing(ids.slice(0, 2)));
    const first = bodyOf(await call());
    const second = bodyOf(await call());
    expect(idsOf(first)).toEqual(ids.slice(2, 4));
    expect(second.items).toEqual(first.items);
    expect(second.jobs).toEqual(first.jobs);
    const third = bodyOf(await post(api, `/leases/${lease}/settle?next=2`, completing(ids.slice(2, 4))));
    expect(idsOf(third)).toEqual(ids.slice(4));
  });

  it('answers each of more jobs than a lease takes at once, also when it is repeated', async () => {
    const queue = newQueue();
    const ids = await submitMany(api, queue, 2_003);
    const first = await take(api, { queues: [queue], max: 1_000 });
    const { lease } = first;
    const body = { release: [{ id: ids[0], delayMs: 3_600_000 }] };
    const second = bodyOf(await post(api, `/leases/${lease}/settle?next=1000`, body));
    const held = [...idsOf(first).slice(1), ...idsOf(second)];
    expect([second.lease, held.length]).toEqual([lease, 1_999]);
    const call = () => post(api, `/leases/${lease}/settle?next=2`, completing(held));
    for (const answer of [await call(), await call()]) {
      expect(answer.status).toBe(207);
      expect(bodyOf(answer).items).toEqual(held.map((id) => ({ id, status: 200, jobStatus: 'completed' })));
      expect(idsOf(bodyOf(answer))).toEqual(ids.slice(2_000, 2_002));
    }
    expect((await api.http.get(`/queues/${queue}/stats`)).body.totals.completed).toBe(1_999);
  });

  it('refuses more than ten thousand as a whole, and settles none', async () => {
    const queue = newQueue();
    await submitMany(api, queue, 1);
    const { lease, jobs } = await take(api, { queues: [queue] });
    const ids = [...idsOf({ jobs }), ...Array.from({ length: 10_000 }, (_, i) => `${queue}~n1-${i}`)];
    const answer = await post(api, `/leases/${lease}/settle`, completing(ids));
    expectProblem(answer, 400, 'invalid-request', ['']);
    expect(answer.body.errors[0].detail).toContain('none is settled');
    expect((await api.get(ids[0] ?? '')).status).toBe('running');
  });

  it('takes next jobs from all queues of the lease, in their order', async () => {
    const [one, two] = [newQueue(), newQueue()];
    const [first = ''] = await submitMany(api, one, 1);
    const { lease } = await take(api, { queues: [one, two] });
    const later = [...(await submitMany(api, one, 1)), ...(await submitMany(api, two, 2))];
    const answer = bodyOf(await post(api, `/leases/${lease}/settle?next=5`, completing([first])));
    expect(answer.lease).toBe(lease);
    expect(idsOf(answer)).toEqual(later);
    const last = bodyOf(await post(api, `/leases/${lease}/settle`, completing(later)));
    expect(last.items.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(last.jobs).toBeUndefined();
  });

  it('goes on under another lease if the old one has ended', async () => {
    const queue = newQueue();
    const [id = ''] = await submitMany(api, queue, 1);
    const { lease } = await take(api, { queues: [queue], leaseMs: 1_000 });
    const other = await take(api, { queues: [queue], waitMs: 30_000 });
    expect(idsOf(other)).toEqual([id]);
    const [next] = await submitMany(api, queue, 1);
    const answer = bodyOf(await post(api, `/leases/${lease}/settle?next=1`, completing([id])));
    expect(answer.items).toMatchObject([
      { status: 409, problem: { code: 'stale-lease', jobStatus: 'running' } },
    ]);
    expect(idsOf(answer)).toEqual([next]);
    expect(answer.lease).not.toBe(lease);
    const done = await post(api, `/leases/${answer.lease}/settle`, completing([next ?? '']));
    expect(bodyOf(done).items).toMatchObject([{ status: 200 }]);
  });

  it('keeps its queues maintained, whichever process takes the next jobs', async () => {
    const queue = newQueue();
    const [id = ''] = await submitMany(api, queue, 2);
    const { lease } = await take(api, { queues: [queue] });
    await redis.client.zrem('mr:served', queue);
    await redis.client.zadd('mr:served', Date.now() - 2 * LOOK_AFTER_MS, 'long-ago');
    const other = await startApi(redis.url);
    try {
      await post(other, `/leases/${lease}/settle?next=1`, completing([id]));
      expect(Number(await redis.client.zscore('mr:served', queue))).toBeGreaterThan(Date.now() - 60_000);
      expect(await redis.client.zscore('mr:served', 'long-ago')).toBeNull();
    } finally {
      await other.app.close();
    }
  });

  it('creates nothing in Redis for a queue that is not of the lease, or does not exist', async () => {
    const [mine, foreign, none] = [newQueue(), newQueue(), newQueue()];
    await submitMany(api, mine, 1);
    const [id = ''] = await submitMany(api, foreign, 1);
    const { lease } = await take(api, { queues: [mine] });
    const other = await take(api, { queues: [foreign] });
    const madeUp = `${none}~n1-0`;
    const answer = bodyOf(await post(api, `/leases/${lease}/settle?next=1`, completing([id, madeUp])));
    expect(answer.items.map(({ problem }) => problem?.code)).toEqual(['stale-lease', 'job-not-found']);
    const calls = { complete: {}, fail: { error: { message: 'x' } }, release: {}, progress: { progress: 1 } };
    for (const [verb, body] of Object.entries(calls)) {
      for (const under of [lease, `me.${'0'.repeat(24)}~n5c~${none}`]) {
        const refused = await post(api, `/jobs/${madeUp}/${verb}`, { lease: under, ...body });
        expect(refused.status, verb).toBe(404);
      }
      expect((await post(api, `/jobs/${id}/${verb}`, { lease, ...body })).status, verb).toBe(409);
    }
    expect(await redis.client.keys(`mr:{${none}}:*`)).toEqual([]);
    expect(await post(api, `/jobs/${id}/complete`, { lease: other.lease })).toMatchObject({ status: 200 });
  });

  it('rejects a malformed request, and changes nothing', async () => {
    const queue = newQueue();
    const [id = ''] = await submitMany(api, queue, 1);
    const { lease } = await take(api, { queues: [queue] });
    const bad: [object, string][] = [
      [{}, 'at least one job'],
      [{ complete: null }, 'at least one job'],
      [{ complete: [{ id }], tasks: 'work' }, '/tasks'],
    ];
    for (const [body, text] of bad) {
      const answer = await post(api, `/leases/${lease}/settle`, body);
      expect(answer.status, JSON.stringify(body)).toBe(400);
      expect(answer.text).toContain(text);
    }
    const garbage = await post(api, '/leases/nonsense/settle', completing([id]));
    expect(garbage).toMatchObject({ status: 404, body: { code: 'lease-not-found' } });
    expect(await post(api, `/jobs/${id}/complete`, { lease: 'nonsense' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/lease' }] },
    });
    expect((await api.get(id)).status).toBe('running');
  });
});
