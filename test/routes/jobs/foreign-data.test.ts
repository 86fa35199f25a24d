import { describe, expect, it } from 'vitest';
import { formatJobId } from '../../../src/redis/job-id.ts';
import { queueKeys, queuesKey } from '../../../src/redis/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

/** Entries that another program may have written. The API must list, show and cancel each of them. */
const ENTRIES: [string, string, string][] = [
  ['options that are no JSON', '1', '{bad'],
  ['options that are no object', '1', '[]'],
  ['a start that is no time', '1', '{"at":"x"}'],
  ['a delay that is no number', '1', '{"d":"x"}'],
  ['attempts that are no number', '1', '{"a":"x"}'],
  ['an expiry beyond all time', '1', '{"x":1e300}'],
  ['a life of nothing', '1', '{"rt":0,"x":0}'],
  ['a payload that is no JSON', '{', ''],
  ['a payload nested too deeply', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, ''],
];

describe('an entry of another program', () => {
  it.each(ENTRIES)(
    'with %s is listed, shown and cancelled like any other',
    async (what, payload, options) => {
      const queue = `hand-${ENTRIES.findIndex(([name]) => name === what)}`;
      const keys = queueKeys('mr', queue);
      await redis.client.sadd(queuesKey('mr'), queue);
      const entryId = await redis.client.xadd(
        keys.stream.normal,
        '*',
        't',
        'echo',
        'p',
        payload,
        'o',
        options,
      );
      const id = formatJobId(queue, { place: 'normal', entryId: entryId ?? '' });
      const other = await api.submit({ task: 'echo', queue });

      const page = await api.http.get(`/queues/${queue}/jobs`).expect(200);
      expect(page.body.items.map((job: { id: string }) => job.id)).toEqual([id, other.id]);
      await api.http.get(`/jobs/${id}`).expect(200);
      await api.http.post(`/jobs/${id}/cancel`).expect(200);
      const { body } = await api.http.get(`/jobs/${id}`).expect(200);
      expect(body.status).toBe('cancelled');
      await api.http.delete(`/jobs/${id}`).expect(204);
    },
  );

  it('with an id beyond all times is shown', async () => {
    const keys = queueKeys('mr', 'far');
    const entryId = '99999999999999999-1';
    await redis.client.xadd(keys.stream.normal, entryId, 't', 'echo', 'p', '1', 'o', '');
    await api.http.get('/queues/far/jobs').expect(200);
    const id = formatJobId('far', { place: 'normal', entryId });
    const { body } = await api.http.get(`/jobs/${id}`).expect(200);
    expect(body).toMatchObject({ id, status: 'queued' });
  });
});

describe('an announcement of another program', () => {
  it.each(['{bad', 'null', '7', '{}', '{"name":"x"}'])('is ignored when malformed: %s', async (text) => {
    const keys = queueKeys('mr', 'announced');
    await redis.client.del(keys.tasks);
    await redis.client.hset(keys.tasks, 'x', text);
    const answer = await api.http.post('/jobs').send({ task: 'echo', queue: 'announced' });
    expect(answer.status).toBe(202);
  });
});

describe('a cancelled job', () => {
  it('is kept for its own resultTtl', async () => {
    const { id } = await api.submit({ task: 'echo', delay: '1h', resultTtl: '10s' });
    const { body } = await api.http.post(`/jobs/${id}/cancel`).expect(200);
    expect(Date.parse(body.expiresAt) - Date.parse(body.finishedAt)).toBe(10_000);
  });
});

describe('an unknown query parameter', () => {
  it('is rejected, so that a misspelt option is not ignored', async () => {
    const answer = await api.http.post('/jobs/batch?atmoic=true').send({ jobs: [{ task: 'echo' }] });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toMatchObject([{ pointer: '/atmoic' }]);
  });
});
