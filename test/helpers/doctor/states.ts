import type { ApiReadings } from '../../../src/doctor/readings/readings.ts';
import type { QueueStats } from '../../../src/schemas/queue.ts';
import { noneHeld } from '../../../src/schemas/queues/held.ts';
import type { Subscription } from '../../../src/schemas/subscription.ts';

/** Statistics of an empty queue with one worker, with changes. */
export const queueStats = (changes: Partial<QueueStats> = {}): QueueStats => ({
  queue: 'default',
  paused: false,
  counts: { queued: 0, scheduled: 0, running: 0, retrying: 0, failed: 0 },
  held: noneHeld(),
  lanes: { critical: 0, high: 0, normal: 0, low: 0 },
  totals: {
    submitted: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    expired: 0,
    retried: 0,
    recovered: 0,
    staleCommits: 0,
    purged: 0,
  },
  oldestQueuedMs: 0,
  workers: [{ name: 'host.1.a', host: 'host', running: 0, leaseExpiresAt: '2026-01-31T12:00:00.000Z' }],
  rates: { submittedPerMin: 0, completedPerMin: 0, failedPerMin: 0 },
  latency: {},
  memoryBytes: 0,
  ...changes,
});

/** What a ready API without queues answers, with changes. */
export const apiReadings = (changes: Partial<ApiReadings> = {}): ApiReadings => ({
  readiness: { ready: true, reasons: [] },
  clock: { skewMs: 0, errorMs: 501 },
  queues: { value: [] },
  stats: [],
  workers: { value: [] },
  schedules: { value: [] },
  subscriptions: [],
  ...changes,
});

/** A subscription that has read all events, with changes. */
export const subscription = (changes: Partial<Subscription> = {}): Subscription => ({
  name: 'billing',
  queue: 'default',
  createdAt: '2026-01-31T12:00:00.000Z',
  backlog: 0,
  unacked: 0,
  lost: 0,
  maxBacklog: 1_000,
  ackWaitMs: 30_000,
  ...changes,
});
