import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import { ADMIN_KEY, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { type ApiProcess, startApiProcess } from '../../helpers/workers/built-processes.ts';
import { ask } from './targets.ts';

const redis = useRedis({ persistent: true });
const reaper = createOrphanReaper();
let apis: ApiProcess[];

beforeAll(async () => {
  apis = await Promise.all([1, 2, 3].map(() => startApiProcess(redis.url, reaper, WITH_KEYS)));
});
afterAll(async () => {
  await Promise.all(apis.map((api) => api.stop()));
  reaper.end();
});

const statusAt = async (origin: string, key: string): Promise<number> =>
  (await ask(origin, { method: 'GET', path: '/' }, key)).status;

const statuses = (key: string) => Promise.all(apis.map(({ origin }) => statusAt(origin, key)));

const originOf = (index: number): string => apis[index]?.origin ?? '';

describe('three API processes', () => {
  it('accept a new key at once, and each refuses it within two seconds of its end', async () => {
    const { id, key } = await makeKey(originOf(0), ['read']);
    expect(await statuses(key)).toEqual([200, 200, 200]);
    await ask(originOf(1), { method: 'DELETE', path: `/keys/${id}` }, ADMIN_KEY);
    const revokedAt = performance.now();
    const lastLetIn = await Promise.all(
      apis.map(async ({ origin }) => {
        let last = 0;
        await until(async () => {
          const sentAt = performance.now() - revokedAt;
          if ((await statusAt(origin, key)) === 401) return true;
          last = sentAt;
          return false;
        }, 'a 401');
        return last;
      }),
    );
    // Whatever is sent later than that is refused, however slow the machine is.
    for (const ms of lastLetIn) expect(ms).toBeLessThan(2_000);
    expect(await statuses(key)).toEqual([401, 401, 401]);
  });

  it('let nobody in while Redis is dead whom they do not remember, and open no door afterwards', async () => {
    const { id, key } = await makeKey(originOf(0), ['read']);
    expect(await statuses(key)).toEqual([200, 200, 200]);
    await redis.server.kill();
    const wrong = `mrk_${id}_${'x'.repeat(43)}`;
    const answers = { known: new Set<number>(), strange: new Set<number>() };
    await until(async () => {
      const now = await statuses(key);
      for (const status of now) answers.known.add(status);
      for (const other of [wrong, 'other'])
        for (const status of await statuses(other)) answers.strange.add(status);
      return now.every((status) => status === 503);
    }, 'no memory left');
    expect([...answers.known].filter((status) => status !== 200)).toEqual([503]);
    expect([...answers.strange].sort()).toEqual([401, 503]);
    redis.replace(await redis.server.restart());
    await until(async () => (await statuses(key)).every((status) => status === 200), 'the key again');
    await until(async () => (await statuses(wrong)).every((status) => status === 401), 'a 401');
  });
});
