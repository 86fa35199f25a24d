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

  it.each([
    [{ submitEvents: 'on' }, '/submitEvents'],
    [{ submitEvents: true, maxJobs: 0 }, '/maxJobs'],
  ])('changes nothing for the settings %j', async (settings, pointer) => {
    const answer = await api.http.put('/queues/kept').send(settings);
    expectProblem(answer, 400, 'invalid-request', [pointer]);
    expect(await show('kept')).toMatchObject({ submitEvents: false });
  });
});
