import { afterEach, describe, expect, it } from 'vitest';
import { Job } from '../../../src/schemas/job.ts';
import { Preview } from '../../../src/schemas/schedule-http.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { stored } from '../../helpers/redis/dump.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { NIGHTLY, scheduleApi } from '../../helpers/schedules/api.ts';
import { HOUR } from '../../helpers/schedules/scheduler.ts';

const redis = useRedis();
const api = useApi(redis);
const { put, get } = scheduleApi(api);
const at = (ms: number) => new Date(ms).toISOString();

afterEach(() => redis.client.flushall());

describe('pause, resume, run, preview', () => {
  it('pause stops firing, and resume continues from now', async () => {
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

  it('run submits the job now and changes no counts', async () => {
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

  it('run with an Idempotency-Key submits one job, even after the schedule has changed', async () => {
    await put('once', NIGHTLY);
    const run = (key: string) => api.http.post('/schedules/once/run').set('idempotency-key', key).expect(202);
    const first = await run('k');
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    await put('once', { ...NIGHTLY, job: { task: 'fib', payload: { n: 2 } } }, 200);
    const again = await run('k');
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.body).toEqual(first.body);
    expect((await run('other')).body.id).not.toBe(first.body.id);
    await put('another', NIGHTLY);
    const answer = await api.http.post('/schedules/another/run').set('idempotency-key', 'k');
    expectProblem(answer, 422, 'idempotency-mismatch');
  });

  it('preview shows the next times within the bounds', async () => {
    const startAt = Date.now() + HOUR;
    await put('seen', { every: '1h', startAt: at(startAt), maxRuns: 3, job: { task: 'echo' } });
    const items = [at(startAt), at(startAt + HOUR), at(startAt + 2 * HOUR)];
    const before = [...(await stored(redis)).keys()];
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
    expect([...(await stored(redis)).keys()]).toEqual(before);
  });

  it('preview shows the fire times within a window', async () => {
    const made = await put('spread', { cron: '0 * * * *', window: '10m', job: { task: 'echo' } });
    const { body } = await api.http.get('/schedules/spread/preview?n=100').expect(200);
    expect(body.items).toHaveLength(100);
    expect(body.items[0]).toBe(made.nextAt);
    const offsets = body.items.map((time: string) => Date.parse(time) % HOUR);
    expect(Math.max(...offsets)).toBeLessThan(600_000);
    expect(new Set(offsets).size).toBeGreaterThan(50);
  });
});
