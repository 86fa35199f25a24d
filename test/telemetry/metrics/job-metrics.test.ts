import { describe, expect, it } from 'vitest';
import type { AttemptOutcome, ServiceEvent, SettledStatus } from '../../../src/observer.ts';
import { countsJobs, JobMetrics } from '../../../src/telemetry/metrics/job-metrics.ts';

const SUBJECT = { queue: 'q', task: 'a', job: 'q~n1-0', attempt: 1, lease: 'l' };
const NONE = {
  submitted: 0,
  completed: 0,
  failed: 0,
  retried: 0,
  recovered: 0,
  stale: 0,
  cancelled: 0,
  expired: 0,
};

const ended = (outcome: AttemptOutcome, status: SettledStatus, more: object = {}): ServiceEvent => ({
  kind: 'attempt-ended',
  ...SUBJECT,
  outcome,
  status,
  runMs: 200,
  ...more,
});

function countsOf(...events: ServiceEvent[]) {
  const metrics = new JobMetrics();
  for (const event of events) {
    expect(metrics.wants(event.kind)).toBe(true);
    metrics.observe(event);
  }
  return new Map(metrics.counts).get('q');
}

describe('the counts of jobs', () => {
  it('count each way in which a job is stored', () => {
    const fired = {
      kind: 'schedule-fired',
      queue: 'q',
      task: 'a',
      schedule: 's',
      jobs: 2,
      lateMs: 0,
    } as const;
    expect(countsOf({ kind: 'jobs-submitted', queue: 'q', task: 'a', jobs: 3 }, fired)).toEqual({
      ...NONE,
      submitted: 5,
    });
  });

  it.each<[AttemptOutcome, SettledStatus, object]>([
    ['completed', 'completed', { completed: 1 }],
    ['failed', 'retrying', { retried: 1 }],
    ['failed', 'queued', { retried: 1 }],
    ['failed', 'failed', { failed: 1 }],
    ['exhausted', 'failed', { failed: 1 }],
    ['cancelled', 'cancelled', { cancelled: 1 }],
    ['expired', 'expired', { expired: 1 }],
    ['released', 'queued', {}],
    ['lost', 'queued', {}],
    ['completed', 'stale', {}],
  ])('count an attempt that ended %s and left its job %s', (outcome, status, counted) => {
    const metrics = new JobMetrics();
    metrics.observe(ended(outcome, status));
    expect(new Map(metrics.counts).get('q') ?? NONE).toEqual({ ...NONE, ...counted });
  });

  it('count jobs that end or move without an attempt', () => {
    expect(
      countsOf(
        { kind: 'stale', queue: 'q', job: 'j', lease: 'l', move: 'complete' },
        { kind: 'recovered', queue: 'q', jobs: 4, cause: 'lease-ran-out' },
        { kind: 'job-cancelled', queue: 'q', job: 'j', done: true },
        { kind: 'job-cancelled', queue: 'q', job: 'j', done: false },
        { kind: 'jobs-cancelled', queue: 'q', jobs: 5 },
        { kind: 'jobs-expired', queue: 'q', jobs: 6 },
      ),
    ).toEqual({ ...NONE, stale: 1, recovered: 4, cancelled: 6, expired: 6 });
  });

  it('count an end once that a worker over HTTP reports again', () => {
    expect(
      countsOf(ended('completed', 'completed'), ended('completed', 'completed', { repeated: true })),
    ).toEqual({
      ...NONE,
      completed: 1,
    });
  });
});

it('counts and times are kept for at most 1,000 names', () => {
  const metrics = new JobMetrics();
  for (let i = 0; i < 1_100; i += 1) {
    const names = { queue: `q${i}`, task: 'a' };
    metrics.observe({ kind: 'jobs-submitted', ...names, jobs: 1 });
    metrics.observe({ kind: 'attempt-started', ...SUBJECT, ...names, waitMs: 1 });
    metrics.observe({ ...ended('completed', 'completed'), ...names } as ServiceEvent);
  }
  for (const series of [metrics.counts, metrics.waits, metrics.runs]) expect([...series]).toHaveLength(1_000);
});

describe('the times of attempts', () => {
  it('have the wait of each that began, and the run of each that completed or failed', () => {
    const metrics = new JobMetrics();
    metrics.observe({ kind: 'attempt-started', ...SUBJECT, waitMs: 1_500 });
    metrics.observe(ended('completed', 'completed'));
    metrics.observe(ended('expired', 'expired', { runMs: 0 }));
    expect([...metrics.waits].map(([, , { sum }]) => sum)).toEqual([1.5]);
    expect([...metrics.runs].map(([queue, task, { sum }]) => [queue, task, sum])).toEqual([['q', 'a', 0.2]]);
  });
});

describe('a batch of metrics', () => {
  it('takes what has changed since the last one to another process', () => {
    const child = new JobMetrics();
    const parent = new JobMetrics();
    expect(child.takeBatch()).toBeUndefined();
    for (let round = 0; round < 2; round += 1) {
      child.observe({ kind: 'attempt-started', ...SUBJECT, waitMs: 10 });
      child.observe(ended('completed', 'completed'));
      const batch = child.takeBatch();
      expect(batch?.counts).toEqual([['q', { completed: 1 }]]);
      // It goes as JSON.
      parent.add(JSON.parse(JSON.stringify(batch)));
      expect(child.takeBatch()).toBeUndefined();
    }
    expect(new Map(parent.counts).get('q')).toEqual({ ...NONE, completed: 2 });
    expect([...parent.waits][0]?.[2].counts[1]).toBe(2);
    expect([...parent.runs][0]?.[2].sum).toBe(0.4);
  });
});

it('a worker counts only where somebody can ask', () => {
  expect(countsJobs({ metrics: 'on', healthPort: 1 })).toBe(true);
  expect(countsJobs({ metrics: 'on', healthPort: 0 })).toBe(false);
  expect(countsJobs({ metrics: 'off', healthPort: 1 })).toBe(false);
});
