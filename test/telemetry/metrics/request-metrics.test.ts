import { expect, it } from 'vitest';
import { RequestMetrics } from '../../../src/telemetry/metrics/request-metrics.ts';
import { MOST_SERIES, OTHER } from '../../../src/telemetry/metrics/series.ts';

it('keeps the times of requests by route, method and status, and at most 1,001 series', () => {
  const metrics = new RequestMetrics();
  metrics.record('/jobs', 'POST', 202, 0.004);
  metrics.record('/jobs', 'GET', 200, 0.5);
  metrics.record('/jobs', 'POST', 202, 0.5);
  for (let i = 0; i < MOST_SERIES + 10; i += 1) metrics.record('', `M${i}`, 405, 0);
  expect(metrics.series).toHaveLength(MOST_SERIES + 1);
  expect(metrics.series[0]).toMatchObject({
    route: '/jobs',
    method: 'POST',
    status: 202,
    tally: { sum: 0.504 },
  });
  expect(metrics.series.at(-1)).toMatchObject({ route: OTHER, method: OTHER, status: 0 });
  expect(metrics.series.at(-1)?.tally.counts[0]).toBe(12);
});
