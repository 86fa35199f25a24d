import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { redisTime } from '../../../src/redis/server-time.ts';
import { MAX_POLL_MS } from '../../../src/schemas/lease.ts';
import { QueueStats, QueueSummary } from '../../../src/schemas/queue.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { newQueue, post, take, takeOne } from '../../helpers/leases/http-worker.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

const pause = (queue: string, body?: object) => api.http.post(`/queues/${queue}/pause`).send(body);
const stats = async (queue: string) => (await api.http.get(`/queues/${queue}/stats`).expect(200)).body;
const inMs = async (ms: number) => new Date((await redisTime(redis.client)) + ms).toISOString();

describe('a pause', () => {
  it('shows its end in every view; pausing again replaces it, and a resume clears it', async () => {
    const queue = newQueue();
    const until = await inMs(3_600_000);
    const { body } = await pause(queue, { until }).expect(200);
    expectShape(QueueSummary, body);
    expect(body).toMatchObject({ name: queue, paused: true, pausedUntil: until });
    expectShape(QueueStats, await stats(queue));
    expect(await stats(queue)).toMatchObject({ paused: true, pausedUntil: until });
    const listed = (await api.http.get('/queues').expect(200)).body.items;
    expect(listed).toContainEqual(expect.objectContaining({ name: queue, pausedUntil: until }));
    const again = (await pause(queue, { for: '1d' }).expect(200)).body;
    expect(Date.parse(again.pausedUntil)).toBeGreaterThan(Date.parse(until));
    expect((await pause(queue).expect(200)).body).not.toHaveProperty('pausedUntil');
    await pause(queue, { until: null, for: 60_000 }).expect(200);
    const { body: resumed } = await api.http.post(`/queues/${queue}/resume`).expect(200);
    expect(resumed).toMatchObject({ paused: false });
    expect(resumed).not.toHaveProperty('pausedUntil');
  });

  it.each([
    ['a time that has passed', { until: '2020-01-01T00:00:00Z' }, '/until'],
    ['a time beyond 100 years', { until: '2199-01-01T00:00:00Z' }, '/until'],
    ['text that is no time', { until: 'tomorrow' }, '/until'],
    ['both members', { until: '2099-01-01T00:00:00Z', for: '1h' }, '/for'],
    ['no time at all', { for: '0s' }, '/for'],
    ['ten years and a day', { for: '3651d' }, '/for'],
    ['an unknown member', { util: '2099-01-01T00:00:00Z' }, '/util'],
  ])('is refused with %s, and changes nothing', async (_, body, pointer) => {
    const queue = newQueue();
    expectProblem(await pause(queue, body), 400, 'invalid-request', [pointer]);
    expect(await redis.client.exists(queueKeys('mr', queue).settings)).toBe(0);
  });

  it('is over at its end though every process was dead at that time', async () => {
    const queue = newQueue();
    const { id } = await api.submit({ queue, task: 'work' });
    const { settings, events } = queueKeys('mr', queue);
    const now = await redisTime(redis.client);
    await redis.client.hset(settings, 'paused', `${now - 5_000} ${now - 1_000}`);
    expect(await stats(queue)).toMatchObject({ paused: false, counts: { queued: 1 } });
    expect((await take(api, { queues: [queue] })).jobs).toMatchObject([{ id }]);
    const entries = await redis.client.xrange(events, '-', '+');
    expect(entries.flatMap(([, fields]) => fields)).toContain('resumed');
  });

  it.each([
    ['soon', 700],
    ['beyond the next check of the poll', 2_700],
  ])('ends for a poll that waits: %s', async (_, ms) => {
    const queue = newQueue();
    const { id } = await api.submit({ queue, task: 'work' });
    const { pausedUntil } = (await pause(queue, { for: ms }).expect(200)).body;
    const { job } = await takeOne(api, { queues: [queue], waitMs: MAX_POLL_MS });
    expect(job.id).toBe(id);
    const late = (await redisTime(redis.client)) - Date.parse(pausedUntil);
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(1_000);
  });

  it('drains a lease only as long as it lasts', async () => {
    const queue = newQueue();
    await api.submit({ queue, task: 'work' });
    const { lease } = await takeOne(api, { queues: [queue] });
    const directive = async () => (await post(api, `/leases/${lease}/heartbeat`)).body['directive'];
    await pause(queue, { for: '1h' }).expect(200);
    expect(await directive()).toBe('drain');
    const now = await redisTime(redis.client);
    await redis.client.hset(queueKeys('mr', queue).settings, 'paused', `${now - 5_000} ${now - 1_000}`);
    expect(await directive()).toBe('continue');
  });
});
