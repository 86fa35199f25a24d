import { describe, expect, it } from 'vitest';
import { freePort } from '../../../src/local/redis-settings.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { readinessOf } from '../../helpers/telemetry/scrape.ts';

const redis = useRedis();
const api = useApi(redis);
const clustered = useRedis({ settings: { 'cluster-enabled': 'yes' } });
const guarded = useRedis({ port: await freePort(), password: 'right' });

/** What an API says that starts with this Redis. */
async function readinessWith(url: string) {
  const { app, origin } = await startApi(url);
  const readiness = await readinessOf(origin);
  await app.close();
  return readiness;
}

describe('GET /readyz', () => {
  it('answers 200 with a Redis that serves', async () => {
    expect(await readinessOf(api.origin)).toMatchObject({
      status: 200,
      ready: true,
      reasons: [],
      topology: 'single',
      replicas: { wanted: 0, have: 0 },
    });
  });

  it('says that Redis is a replica', async () => {
    await redis.client.replicaof('127.0.0.1', 1);
    const readiness = await readinessOf(api.origin);
    await redis.client.replicaof('NO', 'ONE');
    expect(readiness).toMatchObject({ status: 503, reasons: [expect.stringMatching(/^Redis is a replica/)] });
    await until(async () => (await readinessOf(api.origin)).ready, 'a ready API');
  });

  it('says that Redis runs in cluster mode', async () => {
    const { status, reasons } = await readinessWith(clustered.url);
    expect([status, reasons]).toEqual([503, [expect.stringMatching(/redis\+cluster:\/\//)]]);
  });

  it('says that Redis refuses the password, and does not tell it', async () => {
    const { status, reasons } = await readinessWith(guarded.url.replace('right', 'wrong'));
    expect([status, reasons]).toEqual([503, [expect.stringMatching(/^Redis does not answer: WRONGPASS/)]]);
    expect(reasons.join()).not.toContain('wrong@');
  });

  it('says that there is no Redis', async () => {
    const { status, reasons } = await readinessWith('redis://:secret@127.0.0.1:1');
    expect([status, reasons]).toEqual([
      503,
      [expect.stringMatching(/^Redis does not answer: connect ECONNREFUSED/)],
    ]);
    expect(reasons.join()).not.toContain('secret');
  });

  it('says in time that Redis hangs', async () => {
    await redis.client.client('PAUSE', 5_000);
    const startedAt = performance.now();
    const { status, reasons } = await readinessOf(api.origin);
    expect([status, reasons]).toEqual([503, [expect.stringMatching(/^Redis does not answer: /)]]);
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    await until(async () => (await readinessOf(api.origin)).ready, 'a ready API');
  });
});
