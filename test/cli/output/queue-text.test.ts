import { expect, it } from 'vitest';
import { QUEUE_COLUMNS, queueDetails } from '../../../src/cli/output/queue-text.ts';
import type { QueueSummary } from '../../../src/schemas/queue.ts';

const queue: QueueSummary = {
  name: 'q',
  paused: true,
  submitEvents: false,
  pausedUntil: '2026-01-01T00:00:00.000Z',
  rate: { limit: 10, per: 1_000, burst: 5 },
  counts: { queued: 1, scheduled: 2, running: 3, retrying: 4, failed: 5 },
};

it('shows the counts and the state of a queue', () => {
  const until = 'paused until 2026-01-01T00:00:00.000Z';
  expect(QUEUE_COLUMNS.map(({ of }) => of(queue))).toEqual(['q', 1, 2, 3, 4, 5, until]);
  expect(QUEUE_COLUMNS.map(({ style }) => style?.(queue)).filter(Boolean)).toEqual(['red', 'yellow']);
});

it('shows the settings that a queue has', () => {
  const details = queueDetails(queue).filter(([, value]) => value !== undefined);
  expect(details).toContainEqual(['rate', '10 in 1000 ms, at most 5 at once']);
  expect(details.map(([label]) => label)).not.toContain('concurrency');
});
