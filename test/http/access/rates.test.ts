import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MOST_WRONG_KEYS } from '../../../src/access/wrong-keys.ts';
import { ADMIN_KEY, bearer, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { type Answer, JSON_TYPE, send } from '../../helpers/api/send.ts';
import { startReadyApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
let apis: Awaited<ReturnType<typeof startReadyApi>>[];
beforeAll(async () => {
  apis = await Promise.all([0, 1, 2].map(() => startReadyApi(redis.url, WITH_KEYS)));
});
afterAll(() => Promise.all(apis.map(({ app }) => app.close())));

const get = (key: string, api = 0, path = '/queues'): Promise<Answer> =>
  send(apis[api]?.origin ?? '', { method: 'GET', path, headers: bearer(key) });
const rated = async (limit: number) => {
  const { key } = await makeKey(apis[0]?.origin ?? '', ['read'], { rate: { limit, per: '1h' } });
  return key;
};

describe('the rate of a key', () => {
  it('is one for all API processes', async () => {
    const key = await rated(9);
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => get(key, i % 3)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(9);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(21);
  });

  it('is told by the headers of each answer', async () => {
    const key = await rated(3);
    const first = await get(key);
    expect(first.headers['ratelimit-policy']).toBe('"key";q=3;w=3600');
    expect(first.headers['ratelimit']).toBe('"key";r=2;t=1200');
    expect((await get(key, 1, '/nowhere')).headers['ratelimit']).toMatch(/^"key";r=1;t=\d+$/);
    await get(key);
    const refused = await get(key, 2);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate-limited', status: 429 } });
    const [, t] = /^"key";r=0;t=(\d+)$/.exec(String(refused.headers['ratelimit'])) ?? [];
    expect(refused.headers['retry-after']).toBe(t);
    expect(Number(t)).toBeGreaterThan(1_100);
    expect(Number(t)).toBeLessThanOrEqual(1_200);
  });

  it('is told at the head of each stream', async () => {
    const origin = apis[0]?.origin ?? '';
    const key = await rated(5);
    const job = { headers: { ...JSON_TYPE, ...bearer(ADMIN_KEY) }, body: '{"task":"echo"}' };
    const { id } = (await send(origin, job)).body;
    const streams = [
      ['text/event-stream', '/events'],
      ['application/x-ndjson', '/queues/default/events'],
      ['text/event-stream', `/jobs/${id}/events`],
    ] as const;
    for (const [i, [accept, path]] of streams.entries()) {
      const abort = new AbortController();
      const { signal } = abort;
      const { headers } = await fetch(`${origin}${path}`, { headers: { ...bearer(key), accept }, signal });
      abort.abort();
      expect(headers.get('content-type')).toContain(accept);
      expect(headers.get('ratelimit-policy')).toBe('"key";q=5;w=3600');
      expect(headers.get('ratelimit')).toMatch(new RegExp(`^"key";r=${4 - i};t=\\d+$`));
    }
  });

  it('counts a request that lacks a scope', async () => {
    const key = await rated(1);
    expect((await get(key, 0, '/keys')).status).toBe(403);
    expect((await get(key)).status).toBe(429);
  });

  it('is none for a key without one', async () => {
    const { key } = await makeKey(apis[0]?.origin ?? '', ['read']);
    expect((await get(key)).headers).not.toHaveProperty('ratelimit');
  });
});

describe('wrong keys', () => {
  it('are told to wait when an address sends too many, and a right key works on', async () => {
    const { key } = await makeKey(apis[1]?.origin ?? '', ['read']);
    const wrong = (i: number) => `mrk_1_${String(i).padStart(43, 'x')}`;
    for (let i = 0; i < MOST_WRONG_KEYS; i += 1) expect((await get(wrong(i), 1)).status).toBe(401);
    const refused = await get(wrong(999), 1);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate-limited' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(30);
    for (const right of [key, ADMIN_KEY]) expect((await get(right, 1)).status).toBe(200);
    const origin = apis[1]?.origin ?? '';
    expect((await send(origin, { method: 'GET', path: '/queues' })).status).toBe(401);
  });
});
