import { describe, expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import {
  completing,
  consumerOf,
  idsOf,
  newQueue,
  post,
  settle,
  submitMany,
  take,
} from '../../helpers/leases/http-worker.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

/** End of the lease in the queue, Unix ms; undefined when it has ended. */
async function endOf(queue: string, lease: string): Promise<number | undefined> {
  const score = await redis.client.zscore(`mr:{${queue}}:leases`, consumerOf(lease));
  return score === null ? undefined : Number(score);
}

const ms = ({ expiresAt }: { expiresAt: string }): number => Date.parse(expiresAt);

describe('a lease over several queues', () => {
  it('goes on while it holds a job of any queue, and takes from its queues in their order', async () => {
    const [one, two] = [newQueue(), newQueue()];
    const [a, b, c] = await submitMany(api, two, 3);
    const { lease } = await take(api, { queues: [one, two], max: 3 });
    expect(await settle(api, lease, completing([a]), 1)).toMatchObject({ lease, jobs: [] });
    const [last] = await submitMany(api, two, 1);
    const [next] = await submitMany(api, one, 1);
    const answer = await settle(api, lease, completing([b]), 3);
    expect(answer.lease).toBe(lease);
    expect(idsOf(answer)).toEqual([next, last]);
    const { items } = await settle(api, lease, completing([c, next]), 0);
    expect(items.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('goes on though a settled job is not its own any more, as long as it holds another', async () => {
    const [one, two] = [newQueue(), newQueue()];
    const [a, b] = await submitMany(api, two, 2);
    const { lease } = await take(api, { queues: [one, two], max: 2 });
    await settle(api, lease, completing([a]), 0);
    await api.http.delete(`/jobs/${a}`).expect(204);
    const [next] = await submitMany(api, one, 1);
    const answer = await settle(api, lease, completing([a]), 1);
    expect(answer).toMatchObject({ lease, items: [{ status: 409 }] });
    expect(idsOf(answer)).toEqual([next]);
    expect((await settle(api, lease, completing([b, next]), 0)).items).toMatchObject([
      { status: 200 },
      { status: 200 },
    ]);
  });

  it('is renewed in each queue, and returns the first end', async () => {
    const [one, two] = [newQueue(), newQueue()];
    const [a] = await submitMany(api, one, 2);
    await submitMany(api, two, 1);
    const { lease } = await take(api, { queues: [one, two], max: 3, leaseMs: 60_000 });
    await submitMany(api, one, 1);
    for (const queue of [one, two]) {
      await redis.client.zadd(`mr:{${queue}}:leases`, Date.now() + 5_000, consumerOf(lease));
    }
    const answer = await settle(api, lease, completing([a]), 1);
    const ends = [await endOf(one, lease), await endOf(two, lease)].map(Number);
    expect(Math.min(...ends)).toBeGreaterThan(Date.now() + 30_000);
    expect(ms(answer)).toBe(Math.min(...ends));
  });
});

describe('the end of a lease', () => {
  it('is now if it holds no jobs any more', async () => {
    const queue = newQueue();
    const [id] = await submitMany(api, queue, 1);
    const { lease } = await take(api, { queues: [queue] });
    const answers = [await settle(api, lease, completing([id]), 1), await take(api, { queues: [queue] })];
    for (const answer of answers) expect(ms(answer)).toBeLessThan(Date.now() + 1_000);
    expect(await endOf(queue, lease)).toBeUndefined();
  });
});

describe('a repeated request for next jobs', () => {
  it('gets the same jobs, and renews the lease', async () => {
    const queue = newQueue();
    const [a, b] = await submitMany(api, queue, 2);
    const { lease } = await take(api, { queues: [queue], leaseMs: 60_000 });
    const first = await settle(api, lease, completing([a]), 1);
    expect(idsOf(first)).toEqual([b]);
    expect(ms(first)).toBe(await endOf(queue, lease));
    await redis.client.zadd(`mr:{${queue}}:leases`, Date.now() + 5_000, consumerOf(lease));
    const second = await settle(api, lease, completing([a]), 1);
    expect({ ...second, expiresAt: '' }).toEqual({ ...first, expiresAt: '' });
    expect(ms(second)).toBe(await endOf(queue, lease));
    expect(ms(second)).toBeGreaterThan(Date.now() + 30_000);
  });

  it('gets them though another request came in between', async () => {
    const queue = newQueue();
    const [a, b, c, d] = await submitMany(api, queue, 5);
    const { lease } = await take(api, { queues: [queue], max: 2 });
    const one = () => settle(api, lease, completing([a]), 1);
    const other = () => settle(api, lease, completing([b]), 1);
    for (let time = 0; time < 2; time += 1) {
      expect(idsOf(await one())).toEqual([c]);
      expect(idsOf(await other())).toEqual([d]);
    }
  });

  it('gets them under the lease that replaced an ended one', async () => {
    const queue = newQueue();
    const [a, b] = await submitMany(api, queue, 3);
    const { lease } = await take(api, { queues: [queue] });
    await settle(api, lease, completing([a]), 0);
    await api.http.delete(`/jobs/${a}`).expect(204);
    const first = await settle(api, lease, completing([a]), 1);
    expect(first.lease).not.toBe(lease);
    expect(idsOf(first)).toEqual([b]);
    const second = await settle(api, lease, completing([a]), 1);
    expect(second).toMatchObject({ lease: first.lease, jobs: first.jobs });
    expect((await settle(api, first.lease, completing([b]), 0)).items).toMatchObject([{ status: 200 }]);
  });

  it('does not fail or release an attempt that it took itself', async () => {
    const bodies = [
      (id = '') => ({ fail: [{ id, error: { message: 'no' }, retryInMs: 0 }] }),
      (id = '') => ({ release: [{ id }] }),
    ];
    for (const body of bodies) {
      const queue = newQueue();
      const [id] = await submitMany(api, queue, 1);
      const { lease } = await take(api, { queues: [queue] });
      const first = await settle(api, lease, body(id), 1);
      const answer = { jobs: [], items: [{ id, status: 200, jobStatus: 'queued' }] };
      expect(first).toMatchObject(answer);
      expect(await settle(api, lease, body(id), 1)).toMatchObject(answer);
      expect((await api.get(id ?? '')).errors?.length ?? 0).toBeLessThan(2);
      // The lease has ended with its last job.
      expect(await endOf(queue, lease)).toBeUndefined();
    }
  });
});

it('skips jobs that need no run, and returns the one behind them', async () => {
  const queue = newQueue();
  const [a] = await submitMany(api, queue, 1);
  const { lease } = await take(api, { queues: [queue] });
  await submitMany(api, queue, 2, { task: 'other' });
  const [good] = await submitMany(api, queue, 1);
  const body = { ...completing([a]), tasks: ['work'] };
  const first = await settle(api, lease, body, 1);
  expect(first.lease).toBe(lease);
  expect(idsOf(first)).toEqual([good]);
  // So does a repetition.
  expect(idsOf(await settle(api, lease, body, 1))).toEqual([good]);
  expect((await post(api, `/jobs/${good}/complete`, { lease })).status).toBe(200);
});

describe('a request with the same text as an earlier one', () => {
  it('is a new one if it fails the next attempt of a job: no job is returned twice', async () => {
    const queue = newQueue();
    const [a, b] = await submitMany(api, queue, 2);
    const { lease } = await take(api, { queues: [queue] });
    const fail = { fail: [{ id: a, error: { message: 'no' }, retryInMs: 0 }] };
    expect(idsOf(await settle(api, lease, fail, 1))).toEqual([b]);
    const [c] = await submitMany(api, queue, 1, { priority: 'low' });
    const { jobs } = await settle(api, lease, { release: [{ id: c }] }, 1);
    expect(jobs).toMatchObject([{ id: a, attempt: 2 }]);
    expect(idsOf(await settle(api, lease, fail, 1))).toEqual([c]);
  });

  it('is a new one if it corrects a refused result', async () => {
    const queue = newQueue();
    await api.http
      .put(`/queues/${queue}/tasks/work`)
      .send({ output: { type: 'number' } })
      .expect(200);
    const [a, b, c] = await submitMany(api, queue, 3);
    const { lease } = await take(api, { queues: [queue] });
    const refused = await settle(api, lease, { complete: [{ id: a, result: 'text' }] }, 1);
    expect(refused).toMatchObject({ items: [{ status: 422 }], jobs: [{ id: b }] });
    expect(idsOf(await settle(api, lease, completing([a]), 1))).toEqual([c]);
  });
});
