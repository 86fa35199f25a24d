import { describe, expect, it } from 'vitest';
import { redisTime } from '../../../src/redis/server-time.ts';
import type { QueueStats } from '../../../src/schemas/queue.ts';
import { useApi } from '../../helpers/api/server.ts';
import {
  completing,
  idsOf,
  newQueue,
  post,
  settle,
  submitMany,
  take,
  takeOne,
} from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

const WAIT_MS = 30_000;
const MIB = 1_048_576;

const countsOf = async (queue: string) =>
  ((await api.http.get(`/queues/${queue}/stats`)).body as QueueStats).counts;

/** How often Redis ran a command since its counts were reset. */
async function callsOf(command: string): Promise<number> {
  const stats = await redis.client.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

describe('a poll', () => {
  it('reaches a job behind many others that need no run', async () => {
    const queue = newQueue();
    await submitMany(api, queue, 50);
    const { id } = await api.submit({ queue, task: 'work', payload: {} });
    await api.http
      .put(`/queues/${queue}/tasks/work`)
      .send({ input: { type: 'object' } })
      .expect(200);
    expect((await takeOne(api, { queues: [queue], waitMs: WAIT_MS })).job.id).toBe(id);
    expect(await countsOf(queue)).toMatchObject({ queued: 50, running: 1 });
  });

  it('goes on while a recreated consumer group catches up', async () => {
    const queue = newQueue();
    const ids = await submitMany(api, queue, 30);
    const { lease } = await take(api, { queues: [queue], max: 30 });
    const fail = ids.map((id) => ({ id, error: { message: 'no' }, retryable: false }));
    await post(api, `/leases/${lease}/settle`, { fail });
    expect(await countsOf(queue)).toMatchObject({ failed: 30 });
    await redis.client.xgroup('DESTROY', `mr:{${queue}}:lane:normal`, 'workers');
    const [id] = await submitMany(api, queue, 1);
    expect((await takeOne(api, { queues: [queue], waitMs: WAIT_MS })).job.id).toBe(id);
  });

  it('ends all expired jobs in few commands', async () => {
    const queue = newQueue();
    const ids = await submitMany(api, queue, 20, { expiresIn: 1 });
    const expiredAt = (await redisTime(redis.client)) + 1;
    await until(async () => (await redisTime(redis.client)) > expiredAt, 'the end of their time');
    await redis.client.config('RESETSTAT');
    expect((await take(api, { queues: [queue], max: 20 })).jobs).toEqual([]);
    expect(await callsOf('evalsha')).toBeLessThan(10);
    for (const id of ids) expect((await api.get(id)).status).toBe('expired');
  });
});

describe('lower lanes', () => {
  it('get their share of a queue, whatever is settled or taken from other queues in between', async () => {
    const [queue, other] = [newQueue(), newQueue()];
    const [id] = await submitMany(api, queue, 100, { priority: 'critical' });
    const { lease } = await take(api, { queues: [queue], max: 100 });
    await settle(api, lease, completing([id]), 0);
    await submitMany(api, other, 1);
    await take(api, { queues: [other] });
    for (const priority of ['critical', 'high']) await submitMany(api, queue, 10, { priority });
    const { jobs } = await take(api, { queues: [queue], max: 10 });
    // One in sixteen of the jobs that were taken before.
    expect(jobs.filter((job) => job.id.startsWith(`${queue}~h`))).toHaveLength(6);
  });
});

describe('jobs with long payloads', () => {
  const LONG = 'x'.repeat(500_000);
  const submitLong = (queue: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => api.submit({ queue, task: 'work', payload: LONG })));
  const bytes = ({ jobs }: { jobs: readonly { payload: unknown }[] }) => JSON.stringify(jobs).length;

  it('are returned a few at a time, and the others spend no attempt', async () => {
    const [one, two] = [newQueue(), newQueue()];
    await submitLong(one, 24);
    await submitLong(two, 24);
    const queues = [one, two];
    const first = await take(api, { queues, max: 100 });
    expect(bytes(first)).toBeGreaterThan(4 * MIB);
    expect(bytes(first)).toBeLessThan(17 * MIB);
    const held = first.jobs.length;
    expect(await countsOf(one)).toMatchObject({ queued: 24 - held, running: held });
    expect(await countsOf(two)).toMatchObject({ queued: 24 });
    const next = await settle(api, first.lease, completing(idsOf(first).slice(0, 1)), 100);
    expect(bytes(next)).toBeLessThan(17 * MIB);
    // The limit holds for due jobs, too.
    await post(api, `/leases/${first.lease}/settle`, {
      release: [...idsOf(first).slice(1), ...idsOf(next)].map((id) => ({ id })),
    });
    const due = await take(api, { queues, max: 100 });
    expect(bytes(due)).toBeGreaterThan(4 * MIB);
    expect(bytes(due)).toBeLessThan(10 * MIB);
    expect(due.jobs.every(({ attempt }) => attempt === 1)).toBe(true);
  });

  it('do not make the take of a hundred short jobs need more than two reads', async () => {
    const queue = newQueue();
    const ids = await submitMany(api, queue, 101);
    const { lease } = await take(api, { queues: [queue] });
    await redis.client.config('RESETSTAT');
    const { jobs } = await settle(api, lease, completing(ids.slice(0, 1)), 100);
    expect(jobs.map(({ id }) => id)).toEqual(ids.slice(1));
    expect(await callsOf('xreadgroup')).toBe(2);
  });
});
