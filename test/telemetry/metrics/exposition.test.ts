import { describe, expect, it } from 'vitest';
import { noneHeld } from '../../../src/schemas/queues/held.ts';
import { METRICS } from '../../../src/telemetry/metrics/catalog.ts';
import { Exposition } from '../../../src/telemetry/metrics/exposition.ts';
import { JobMetrics } from '../../../src/telemetry/metrics/job-metrics.ts';
import { RequestMetrics } from '../../../src/telemetry/metrics/request-metrics.ts';
import { parseMetrics } from '../../helpers/telemetry/prometheus-text.ts';

const FIGURES = {
  queue: 'q',
  counts: { queued: 3, scheduled: 0, running: 1, retrying: 0, failed: 2 },
  held: { ...noneHeld(), rate: 2 },
  oldestMs: 1_500,
  isPaused: true,
  workers: 2,
};

function newExposition(more: object = {}) {
  const jobs = new JobMetrics();
  const requests = new RequestMetrics();
  const clock = { now: 0, monotonic: () => clock.now };
  const looks = { count: 0 };
  const exposition = new Exposition(
    {
      jobs,
      requests,
      isReady: async () => true,
      redisMemory: async () => ({ usedBytes: 10, maxBytes: 0 }),
      queues: async () => {
        looks.count += 1;
        return [FIGURES];
      },
      ...more,
    },
    clock,
  );
  return { jobs, requests, clock, looks, exposition };
}

describe('the text of metrics', () => {
  it('shows gauges, counters and histograms in the format of Prometheus', async () => {
    const { jobs, requests, exposition } = newExposition();
    jobs.observe({ kind: 'jobs-submitted', queue: 'q', task: 'a"\\\n', jobs: 3 });
    const attempt = { queue: 'q', task: 'a"\\\n', job: 'j', attempt: 1, lease: 'l' };
    jobs.observe({ kind: 'attempt-started', ...attempt, waitMs: 50 });
    requests.record('', 'GET', 404, 0.002);
    const metrics = parseMetrics(await exposition.read());
    expect(metrics.value('millrace_queue_jobs', { queue: 'q', status: 'queued' })).toBe(3);
    expect(metrics.value('millrace_queue_held_jobs', { queue: 'q', reason: 'rate' })).toBe(2);
    expect(metrics.value('millrace_queue_held_jobs', { queue: 'q', reason: 'task' })).toBeUndefined();
    expect(metrics.value('millrace_queue_oldest_seconds', { queue: 'q' })).toBe(1.5);
    expect(metrics.value('millrace_queue_paused', { queue: 'q' })).toBe(1);
    expect(metrics.value('millrace_queue_workers', { queue: 'q' })).toBe(2);
    expect(metrics.value('millrace_jobs_total', { queue: 'q', event: 'submitted' })).toBe(3);
    expect(metrics.value('millrace_jobs_total', { queue: 'q', event: 'failed' })).toBe(0);
    const wait = { queue: 'q', task: 'a"\\\n' };
    expect(metrics.value('millrace_job_wait_seconds_bucket', { ...wait, le: '0.025' })).toBe(0);
    expect(metrics.value('millrace_job_wait_seconds_bucket', { ...wait, le: '0.1' })).toBe(1);
    const request = { route: 'none', method: 'GET', status: '404' };
    expect(metrics.value('millrace_http_request_duration_seconds_count', request)).toBe(1);
    expect(metrics.value('millrace_redis_memory_bytes')).toBe(10);
    expect(metrics.sum('process_resident_memory_bytes')).toBeGreaterThan(0);
  });

  it('has every metric of the table with its type and labels', async () => {
    const { jobs, requests, exposition } = newExposition();
    const attempt = { queue: 'q', task: 'a', job: 'j', attempt: 1, lease: 'l' };
    jobs.observe({ kind: 'attempt-started', ...attempt, waitMs: 50 });
    jobs.observe({ kind: 'attempt-ended', ...attempt, outcome: 'completed', status: 'completed', runMs: 1 });
    requests.record('/jobs', 'GET', 200, 0.002);
    const { types, samples } = parseMetrics(await exposition.read());
    for (const { name, type, labels } of Object.values(METRICS)) {
      expect(types.get(name), name).toBe(type);
      const seen = samples.find((one) => one.name === (type === 'histogram' ? `${name}_count` : name));
      expect(Object.keys(seen?.labels ?? {}).sort(), name).toEqual([...labels].sort());
    }
    const known = Object.values(METRICS).map(({ name }) => name as string);
    const own = [...types.keys()].filter((name) => name.startsWith('millrace_'));
    expect(own.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('is shared by scrapes of the same second', async () => {
    const { clock, looks, exposition } = newExposition();
    const first = await Promise.all([exposition.read(), exposition.read()]);
    clock.now += 999;
    expect(new Set([...first, await exposition.read()]).size).toBe(1);
    expect(looks.count).toBe(1);
    clock.now += 1;
    await exposition.read();
    expect(looks.count).toBe(2);
  });

  it('leaves out what Redis does not tell, and says that it is down', async () => {
    const trouble = async () => {
      throw new Error('away');
    };
    const { clock, exposition } = newExposition({ queues: trouble, redisMemory: trouble, isReady: trouble });
    for (let scrape = 0; scrape < 2; scrape += 1) {
      const metrics = parseMetrics(await exposition.read());
      expect(metrics.value('millrace_redis_up')).toBe(0);
      expect(metrics.value('millrace_ready')).toBe(0);
      expect(metrics.value('millrace_redis_memory_bytes')).toBeUndefined();
      expect(metrics.samples.filter(({ name }) => name.startsWith('millrace_queue_'))).toEqual([]);
      clock.now += 1_000;
    }
  });
});
