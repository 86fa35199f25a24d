import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Schedule } from '../../../src/schemas/schedule.ts';
import { SchedulePage } from '../../../src/schemas/schedule-http.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { scheduleApi } from '../../helpers/schedules/api.ts';

const redis = useRedis();
const api = useApi(redis);
const { put } = scheduleApi(api);

afterEach(() => redis.client.flushall());

describe('GET and DELETE /schedules/{id}', () => {
  it('answer 404 when there is no such schedule', async () => {
    for (const [method, rest] of [
      ['get', ''],
      ['delete', ''],
      ['post', '/pause'],
      ['post', '/resume'],
      ['post', '/run'],
      ['get', '/preview'],
    ] as const) {
      expectProblem(await api.http[method](`/schedules/unknown${rest}`), 404, 'schedule-not-found');
    }
  });

  it('leave no keys behind after a removal', async () => {
    await put('gone', { every: '1s', job: { task: 'echo', queue: 'tidy' } });
    await api.http.delete('/schedules/gone').expect(204);
    expectProblem(await api.http.get('/schedules/gone'), 404, 'schedule-not-found');
    expectProblem(await api.http.delete('/schedules/gone'), 404, 'schedule-not-found');
    const keys = await redis.client.keys('mr:*');
    expect(keys.filter((key) => /schedules|states|slots/.test(key))).toEqual([]);
  });
});

describe('GET /schedules', () => {
  beforeAll(() => redis.client.config('SET', 'hash-max-listpack-entries', '20'));

  it.each([5, 60])('lists each of %i schedules once, page by page', async (count) => {
    const ids = Array.from({ length: count }, (_, i) => `s${String(i).padStart(2, '0')}`);
    await Promise.all(
      ids.map((id, i) => put(id, { every: '1h', job: { task: 'echo', queue: i % 3 ? 'a' : 'b' } })),
    );
    for (const queue of [undefined, 'a', 'b']) {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const { body } = await api.http.get('/schedules').query({ limit: 2, queue, cursor }).expect(200);
        expectShape({ ...SchedulePage, properties: { ...SchedulePage.properties, items: {} } }, body);
        for (const item of body.items) expectShape(Schedule, item);
        expect(body.items.length).toBeLessThanOrEqual(2);
        found.push(...body.items.map(({ id }: Schedule) => id));
        cursor = body.nextCursor;
      } while (cursor !== undefined);
      const expected = ids.filter((_, i) => queue === undefined || (i % 3 ? 'a' : 'b') === queue);
      expect(found.sort()).toEqual(expected);
    }
  });

  it('is empty without schedules', async () => {
    await api.http.get('/schedules').expect(200, { items: [] });
    await api.http.get('/schedules?queue=nothing').expect(200, { items: [] });
  });
});
