import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { queueKeys } from '../../src/redis/keys.ts';
import { Job } from '../../src/schemas/job.ts';
import { Schedule } from '../../src/schemas/schedule.ts';
import { Preview, SchedulePage } from '../../src/schemas/schedule-http.ts';
import { useApi } from '../helpers/api.ts';
import { until, useRedis } from '../helpers/redis.ts';
import { useSchedules } from '../helpers/schedules.ts';
import { expectProblem, expectShape } from '../helpers/shapes.ts';
import { stored } from '../helpers/stored.ts';

const redis = useRedis();
const api = useApi(redis);
const schedules = useSchedules(redis);

const NIGHTLY = { cron: '30 2 * * *', timeZone: 'Europe/Berlin', job: { task: 'fib', payload: { n: 1 } } };
const at = (ms: number) => new Date(ms).toISOString();
const HOUR = 3_600_000;

async function put(id: string, wish: object, status: 200 | 201 = 201): Promise<Schedule> {
  const { body } = await api.http.put(`/schedules/${id}`).send(wish).expect(status);
  expectShape(Schedule, body);
  return body;
}

const get = async (id: string): Promise<Schedule> =>
  (await api.http.get(`/schedules/${id}`).expect(200)).body;

afterEach(() => redis.client.flushall());

describe('PUT /schedules/{id}', () => {
  it('makes a schedule, with what was left out filled in', async () => {
    const made = await put('nightly', NIGHTLY);
    const { createdAt, updatedAt, nextAt, ...rest } = made;
    expect(rest).toEqual({
      id: 'nightly',
      ...NIGHTLY,
      job: { ...NIGHTLY.job, queue: 'default' },
      misfire: 'one',
      overlap: 'allow',
      paused: false,
      finished: false,
      runs: 0,
      missed: 0,
      skipped: 0,
    });
    expect(updatedAt).toBe(createdAt);
    expect(Date.parse(nextAt ?? '')).toBeGreaterThan(Date.parse(createdAt));
    expect(await get('nightly')).toEqual(made);
  });

  it('keeps every member, durations in milliseconds', async () => {
    const startAt = at(Date.now() + HOUR);
    const endAt = at(Date.now() + 9 * HOUR);
    const wish = { every: '90s', misfire: 'all', overlap: 'skip', startAt, endAt, maxRuns: 7, window: '1m' };
    const made = await put('all', { ...wish, job: { task: 'echo', queue: 'other', attempts: 2 } });
    expect(made).toMatchObject({ ...wish, every: 90_000, window: 60_000 });
    expect(Date.parse(made.nextAt ?? '') - Date.parse(startAt)).toBeLessThan(60_000);
  });

  it('of the same again changes nothing', async () => {
    const made = await put('same', NIGHTLY);
    const before = await stored(redis);
    expect(await put('same', NIGHTLY, 200)).toEqual(made);
    expect(await put('same', { ...NIGHTLY, misfire: 'one', overlap: 'allow' }, 200)).toEqual(made);
    expect(await stored(redis)).toEqual(before);
  });

  it('goes on counting where the rhythm stays, and begins anew where it does not', async () => {
    await put('counts', { every: '1h', job: { task: 'echo' } });
    await schedules.moveBack('default', 'counts', 2 * HOUR);
    await until(async () => (await get('counts')).runs > 0, 'a run');
    const { createdAt, nextAt, lastJob } = await get('counts');
    const same = await put('counts', { every: '1h', job: { task: 'echo', payload: 2 } }, 200);
    expect(same).toMatchObject({ runs: 2, createdAt, nextAt, lastJob });
    expect(same.updatedAt).not.toBe(createdAt);
    expect(await put('counts', { every: '2h', job: { task: 'echo' } }, 200)).toMatchObject({
      runs: 0,
      lastJob,
    });
  });

  it('moves it to another queue, where it is the only one', async () => {
    await put('mover', { every: '1h', job: { task: 'echo', queue: 'a' } });
    await put('mover', { every: '1h', job: { task: 'echo', queue: 'b' } }, 200);
    expect(await redis.client.hkeys(queueKeys('mr', 'b').schedules)).toEqual(['mover']);
    for (const key of ['schedules', 'scheduleStates', 'slots'] as const) {
      expect(await redis.client.exists(queueKeys('mr', 'a')[key])).toBe(0);
    }
    expect((await get('mover')).job.queue).toBe('b');
  });

  it('leaves a paused one paused', async () => {
    await put('paused', NIGHTLY);
    await api.http.post('/schedules/paused/pause').expect(200);
    expect(await put('paused', { ...NIGHTLY, cron: '0 3 * * *' }, 200)).toMatchObject({ paused: true });
    expect(await get('paused')).not.toHaveProperty('nextAt');
  });

  it('lets one that is finished go on', async () => {
    await put('more', { every: '1h', maxRuns: 1, job: { task: 'echo' } });
    await schedules.moveBack('default', 'more', HOUR);
    await until(async () => (await get('more')).finished, 'the end');
    expect(await get('more')).not.toHaveProperty('nextAt');
    const more = await put('more', { every: '1h', maxRuns: 2, job: { task: 'echo' } }, 200);
    expect(more).toMatchObject({ finished: false, runs: 1 });
    expect(more).toHaveProperty('nextAt');
  });
});

describe('GET and DELETE /schedules/{id}', () => {
  it('know nothing of what is not there', async () => {
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

  it('leave nothing behind', async () => {
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

  it.each([5, 60])('shows each of %i schedules once, page by page', async (count) => {
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

  it('is empty where there is none', async () => {
    await api.http.get('/schedules').expect(200, { items: [] });
    await api.http.get('/schedules?queue=nothing').expect(200, { items: [] });
  });
});

describe('pause, resume, run, preview', () => {
  it('pause keeps it from firing, and resume goes on from now', async () => {
    await put('steered', { every: '1h', job: { task: 'echo' } });
    const paused = (await api.http.post('/schedules/steered/pause').expect(200)).body;
    expect(paused).toMatchObject({ paused: true, finished: false });
    expect(paused).not.toHaveProperty('nextAt');
    await api.http.get('/schedules/steered/preview').expect(200, { items: [] });
    expect((await api.http.post('/schedules/steered/pause').expect(200)).body).toEqual(paused);
    const resumed = (await api.http.post('/schedules/steered/resume').expect(200)).body;
    expect(resumed).toMatchObject({ paused: false });
    expect((await api.http.post('/schedules/steered/resume').expect(200)).body).toEqual(resumed);
  });

  it('run submits the job now, and counts for nothing', async () => {
    const made = await put('hand', { ...NIGHTLY, job: { task: 'echo', metadata: { own: 'x' } } });
    const answer = await api.http.post('/schedules/hand/run').expect(202);
    expectShape(Job, answer.body);
    expect(answer.headers['location']).toBe(`/jobs/${answer.body.id}`);
    expect(answer.body).toMatchObject({ task: 'echo', status: 'queued', metadata: { own: 'x' } });
    const [id, slot = ''] = answer.body.metadata.schedule.split('/');
    expect(id).toBe('hand');
    expect(Math.abs(Date.parse(slot) - Date.now())).toBeLessThan(60_000);
    expect(await get('hand')).toEqual(made);
  });

  it('preview tells the next times, within the bounds', async () => {
    const startAt = Date.now() + HOUR;
    await put('seen', { every: '1h', startAt: at(startAt), maxRuns: 3, job: { task: 'echo' } });
    const items = [at(startAt), at(startAt + HOUR), at(startAt + 2 * HOUR)];
    await api.http.get('/schedules/seen/preview').expect(200, { items });
    await api.http.get('/schedules/seen/preview?n=2').expect(200, { items: items.slice(0, 2) });
    const { body } = await api.http
      .post('/schedules/preview?n=3')
      .send({ cron: '30 2 * * *', timeZone: 'Europe/Berlin', startAt: '2030-03-30T00:00:00Z' })
      .expect(200);
    expectShape(Preview, body);
    expect(body.items).toEqual([
      '2030-03-30T01:30:00.000Z',
      '2030-03-31T01:00:00.000Z',
      '2030-04-01T00:30:00.000Z',
    ]);
    expect(await stored(redis)).toHaveProperty('size', (await redis.client.keys('*')).length);
  });

  it('preview shows when slots of a window are fired', async () => {
    const made = await put('spread', { cron: '0 * * * *', window: '10m', job: { task: 'echo' } });
    const { body } = await api.http.get('/schedules/spread/preview?n=100').expect(200);
    expect(body.items).toHaveLength(100);
    expect(body.items[0]).toBe(made.nextAt);
    const offsets = body.items.map((time: string) => Date.parse(time) % HOUR);
    expect(Math.max(...offsets)).toBeLessThan(600_000);
    expect(new Set(offsets).size).toBeGreaterThan(50);
  });
});
