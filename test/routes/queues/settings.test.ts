import { describe, expect, it } from 'vitest';
import { QueueSummary } from '../../../src/schemas/queue.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

const NO_JOBS = { queued: 0, scheduled: 0, running: 0, retrying: 0, failed: 0 };

async function show(queue: string): Promise<QueueSummary> {
  const { body } = await api.http.get(`/queues/${queue}`).expect(200);
  expectShape(QueueSummary, body);
  return body as QueueSummary;
}

const put = async (queue: string, settings: object) =>
  (await api.http.put(`/queues/${queue}`).send(settings).expect(200)).body as QueueSummary;

describe('GET /queues/{name}', () => {
  it('shows the settings and the counts of a queue', async () => {
    await api.submit({ task: 'echo', queue: 'shown' });
    await api.submit({ task: 'echo', queue: 'shown', delay: '1h' });
    await api.http.post('/queues/shown/pause').expect(200);
    await put('shown', { maxJobs: 7 });
    expect(await show('shown')).toEqual({
      name: 'shown',
      paused: true,
      maxJobs: 7,
      submitEvents: false,
      counts: { ...NO_JOBS, queued: 1, scheduled: 1 },
    });
  });

  it('shows a queue that had no job yet as empty, and leaves no trace of it', async () => {
    expect(await show('never')).toEqual({
      name: 'never',
      paused: false,
      submitEvents: false,
      counts: NO_JOBS,
    });
    expect(await redis.client.keys('*never*')).toEqual([]);
    const { body } = await api.http.get('/queues').expect(200);
    expect(body.items.map(({ name }: QueueSummary) => name)).not.toContain('never');
  });

  it('refuses a name that no queue can have', async () => {
    expectProblem(await api.http.get('/queues/%20'), 400, 'invalid-request', ['/name']);
  });
});

describe('PUT /queues/{name}', () => {
  it('sets what it names, keeps the rest, and null takes a limit away', async () => {
    expect(await put('set', { maxJobs: 3, submitEvents: true })).toEqual(await show('set'));
    expect(await show('set')).toMatchObject({ maxJobs: 3, submitEvents: true });
    expect(await put('set', { submitEvents: false })).toMatchObject({ maxJobs: 3, submitEvents: false });
    expect(await put('set', { maxJobs: null, submitEvents: true })).not.toHaveProperty('maxJobs');
    expect(await put('set', { submitEvents: null })).toMatchObject({ submitEvents: false });
  });

  it('sets limits, those of each key one by one, and shows them', async () => {
    const limits = {
      concurrency: 50,
      rate: { limit: 100, per: '1s', burst: 200 },
      perKey: { concurrency: 1, rate: { limit: 5, per: '1m' }, maxJobs: 1_000 },
      fair: true,
    };
    const stored = {
      concurrency: 50,
      rate: { limit: 100, per: 1_000, burst: 200 },
      perKey: { concurrency: 1, rate: { limit: 5, per: 60_000, burst: 5 }, maxJobs: 1_000 },
      fair: true,
    };
    expect(await put('limited', limits)).toMatchObject(stored);
    expect(await show('limited')).toEqual({
      name: 'limited',
      paused: false,
      submitEvents: false,
      ...stored,
      counts: NO_JOBS,
    });
    const { perKey } = await put('limited', { rate: null, perKey: { rate: null, maxJobs: 7 } });
    expect(perKey).toEqual({ concurrency: 1, maxJobs: 7 });
    expect(await show('limited')).not.toHaveProperty('rate');
    const rest = await put('limited', { perKey: null, fair: null });
    expect(rest).toMatchObject({ concurrency: 50 });
    expect(rest).not.toHaveProperty('perKey');
    expect(rest).not.toHaveProperty('fair');
    await put('limited', { concurrency: null });
    expect(await redis.client.exists('mr:{limited}:settings')).toBe(0);
  });

  it('takes null for a burst that is not given', async () => {
    const { rate } = await put('nulls', { rate: { limit: 3, per: 1_000, burst: null } });
    expect(rate).toEqual({ limit: 3, per: 1_000, burst: 3 });
  });

  it.each([
    [{ rate: { limit: 0, per: '1s' } }, '/rate/limit'],
    [{ concurrency: 0 }, '/concurrency'],
    [{ perKey: { rate: { limit: 0, per: '1s' } } }, '/perKey/rate/limit'],
  ])('says how to stop a queue to those who set %j', async (settings, pointer) => {
    const answer = await api.http.put('/queues/stopped').send(settings);
    expectProblem(answer, 400, 'invalid-request', [pointer]);
    expect(answer.body.errors[0].detail).toContain('pause the queue');
  });

  it.each([
    [{ submitEvents: 'on' }, '/submitEvents'],
    [{ submitEvents: true, rate: { limit: 1, per: '999ms' } }, '/rate/per'],
    [{ submitEvents: true, rate: { limit: 1, per: '32d' } }, '/rate/per'],
    [{ submitEvents: true, rate: { limit: 1, per: '31d', burst: 12 } }, '/rate/burst'],
    [{ submitEvents: true, rate: { per: '1s' } }, '/rate/limit'],
    [{ submitEvents: true, rate: 5 }, '/rate'],
    [{ submitEvents: true, perKey: { rate: { limit: 1, per: 1 } } }, '/perKey/rate/per'],
    [{ submitEvents: true, perKey: { max: 1 } }, '/perKey/max'],
    [{ submitEvents: true, perKey: {} }, '/perKey'],
    [{ submitEvents: true, fair: 1 }, '/fair'],
    [{ submitEvents: true, maxJobs: 0 }, '/maxJobs'],
  ])('changes nothing for the settings %j', async (settings, pointer) => {
    const answer = await api.http.put('/queues/kept').send(settings);
    expectProblem(answer, 400, 'invalid-request', [pointer]);
    expect(await redis.client.keys('*kept*')).toEqual([]);
    expect((await api.http.get('/queues').expect(200)).body.items).not.toContainEqual(
      expect.objectContaining({ name: 'kept' }),
    );
  });
});
