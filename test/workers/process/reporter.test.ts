import { expect, it } from 'vitest';
import { JobMetrics } from '../../../src/telemetry/metrics/job-metrics.ts';
import { Reporter } from '../../../workers/process/reporter.ts';
import type { ToSupervisor } from '../../../workers/supervisor/ipc.ts';

it('reports at its start and at its end, with what was counted in between', () => {
  const sent: ToSupervisor[] = [];
  const metrics = new JobMetrics();
  const reporter = new Reporter({ readWatch: undefined, metrics, send: (message) => sent.push(message) });
  reporter.start();
  metrics.observe({ kind: 'jobs-expired', queue: 'q', jobs: 2 });
  reporter.stop();
  expect(sent).toEqual([
    { type: 'report' },
    { type: 'report', metrics: { counts: [['q', { expired: 2 }]], waits: [], runs: [] } },
  ]);
});
