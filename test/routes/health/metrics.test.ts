import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../src/local/redis-settings.ts';
import { createOrphanReaper, type OrphanReaper } from '../../../src/orphan-reaper.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { done, newQueue, post, takeOne } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import type { Metrics } from '../../helpers/telemetry/prometheus-text.ts';
import { scrape } from '../../helpers/telemetry/scrape.ts';
import { startApiProcess } from '../../helpers/workers/built-processes.ts';

const redis = useRedis();
const api = useApi(redis, { UNKNOWN_TASKS: 'accept' });

/** Scrapes until the metrics are as expected: a text serves all scrapes of a second. */
const untilMetrics = (fits: (metrics: Metrics) => boolean, what: string) =>
  until(async () => {
    const metrics = await scrape(api.origin);
    return fits(metrics) && metrics;
  }, what);

describe('GET /metrics', () => {
  it('is Prometheus text', async () => {
    const answer = await api.http.get('/metrics').expect(200);
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const metrics = await scrape(api.origin);
    expect(metrics.value('millrace_ready')).toBe(1);
    expect(metrics.value('millrace_redis_up')).toBe(1);
    expect(metrics.value('millrace_redis_memory_bytes')).toBeGreaterThan(100_000);
    expect(metrics.value('millrace_redis_memory_max_bytes')).toBe(0);
    expect(metrics.sum('process_cpu_seconds_total')).toBeGreaterThan(0);
  });

  it('counts what happens to jobs over HTTP once, and times their attempts', async () => {
    const queue = newQueue();
    const first = await api.submit({ task: 'work', queue });
    await api.submit({ task: 'work', queue, attempts: 2, backoff: { type: 'fixed', delay: 1 } });
    const cancelled = await api.submit({ task: 'work', queue, delay: '1h' });
    await api.submit({ task: 'work', queue, delay: '1h' });
    const { lease } = await takeOne(api, { queues: [queue], worker: 'w1' });
    const complete = () => post(api, `/jobs/${first.id}/complete`, { lease, result: 1 });
    expect(await complete()).toMatchObject(done(first.id, 'completed'));
    // Its answer may have been lost: a repeated report is the same end.
    expect(await complete()).toMatchObject(done(first.id, 'completed'));
    for (const _ of [1, 2]) {
      const taken = await takeOne(api, { queues: [queue], worker: 'w1' });
      await post(api, `/jobs/${taken.job.id}/fail`, { lease: taken.lease, error: { message: 'no' } });
      expect((await post(api, `/jobs/${taken.job.id}/complete`, { lease, result: 1 })).status).toBe(409);
    }
    await api.http.post(`/jobs/${cancelled.id}/cancel`).expect(200);
    const counted = (event: string) => (metrics: Metrics) =>
      metrics.value('millrace_jobs_total', { queue, event });
    const metrics = await untilMetrics((seen) => counted('cancelled')(seen) === 1, 'the cancelled job');
    const of = (event: string) => counted(event)(metrics);
    expect({
      submitted: of('submitted'),
      completed: of('completed'),
      retried: of('retried'),
      failed: of('failed'),
      stale: of('stale'),
      cancelled: of('cancelled'),
      expired: of('expired'),
      recovered: of('recovered'),
    }).toEqual({
      submitted: 4,
      completed: 1,
      retried: 1,
      failed: 1,
      stale: 2,
      cancelled: 1,
      expired: 0,
      recovered: 0,
    });
    const times = { queue, task: 'work' };
    expect(metrics.value('millrace_job_wait_seconds_count', times)).toBe(3);
    expect(metrics.value('millrace_job_run_seconds_count', times)).toBe(3);
    expect(metrics.value('millrace_queue_jobs', { queue, status: 'failed' })).toBe(1);
    expect(metrics.value('millrace_queue_jobs', { queue, status: 'scheduled' })).toBe(1);
    expect(metrics.value('millrace_queue_workers', { queue })).toBe(1);
  });

  it('times requests by the pattern of their route', async () => {
    const route = '/jobs/:id';
    await api.http.get('/jobs/none').expect(404);
    await api.http.get('/nowhere').expect(404);
    const count = (labels: object) => (seen: Metrics) =>
      seen.value('millrace_http_request_duration_seconds_count', { method: 'GET', status: '404', ...labels });
    const metrics = await untilMetrics((seen) => count({ route })(seen) !== undefined, 'the request');
    expect(count({ route: 'none' })(metrics)).toBe(1);
    const times = { method: 'GET', status: '404', route };
    expect(metrics.value('millrace_http_request_duration_seconds_bucket', { ...times, le: '60' })).toBe(
      count({ route })(metrics),
    );
  });
});

describe('an API process', () => {
  let reaper: OrphanReaper;
  beforeAll(() => {
    reaper = createOrphanReaper();
  });
  afterAll(() => reaper.end());

  it('answers nothing but /metrics on METRICS_PORT', async () => {
    const port = await freePort();
    const other = await startApiProcess(redis.url, reaper, { METRICS_PORT: String(port) });
    const origin = `http://127.0.0.1:${port}`;
    expect((await scrape(origin)).value('millrace_redis_up')).toBe(1);
    expect((await fetch(`${origin}/queues`)).status).toBe(404);
    await other.stop();
    await expect(fetch(origin)).rejects.toThrow();
  });

  it('ends at once when METRICS_PORT is taken', async () => {
    const taken = new URL(api.origin).port;
    await expect(startApiProcess(redis.url, reaper, { METRICS_PORT: taken })).rejects.toThrow(
      /EADDRINUSE.*Set METRICS_PORT to a free port/,
    );
  });

  it('has no /metrics with METRICS=off', async () => {
    const { app, origin } = await startApi(redis.url, { METRICS: 'off' });
    expect((await fetch(`${origin}/metrics`)).status).toBe(404);
    await app.close();
  });
});
