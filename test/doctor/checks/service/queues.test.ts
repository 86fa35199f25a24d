import { expect, it } from 'vitest';
import { checkQueues, spokenTime } from '../../../../src/doctor/checks/service/queues.ts';
import { queueStats } from '../../../helpers/doctor/states.ts';

const HOUR_MS = 3_600_000;
const none = queueStats().counts;
const waiting = { counts: { ...none, queued: 7 }, oldestQueuedMs: HOUR_MS };

const judge = (changes: Parameters<typeof queueStats>[0]) =>
  checkQueues([queueStats(changes)], 100).map(({ id, level }) => [id, level]);

it.each([
  ['nothing waits', {}, [['queues', 'ok']]],
  ['jobs wait without a worker', { ...waiting, workers: [] }, [['no-workers', 'fault']]],
  ['a worker may just be starting', { ...waiting, workers: [], oldestQueuedMs: 2_000 }, [['queues', 'ok']]],
  ['jobs wait long in spite of workers', waiting, [['old-jobs', 'warning']]],
  ['jobs wait for a moment', { ...waiting, oldestQueuedMs: 1_000 }, [['queues', 'ok']]],
  ['a pause holds jobs up', { ...waiting, paused: true }, [['paused', 'warning']]],
  [
    'a pause holds jobs up for a moment',
    { ...waiting, paused: true, oldestQueuedMs: 1_000 },
    [['paused', 'note']],
  ],
  ['a pause holds nothing up', { paused: true }, [['paused', 'note']]],
  [
    'a pause ends by itself',
    { ...waiting, paused: true, pausedUntil: '2026-01-31T12:00:00.000Z' },
    [['paused', 'note']],
  ],
  ['dead letters near DEAD_MAX', { counts: { ...none, failed: 85 } }, [['dead-letters', 'warning']]],
  [
    'jobs near maxJobs',
    { counts: { ...none, queued: 2, scheduled: 2, running: 2, retrying: 2 }, maxJobs: 10 },
    [['max-jobs', 'warning']],
  ],
])('%s', (_, changes, expected) => {
  expect(judge(changes as Parameters<typeof queueStats>[0])).toEqual(expected);
});

it('names what to start', () => {
  const [finding] = checkQueues([queueStats({ ...waiting, workers: [], queue: 'img' })], 100);
  expect(finding?.what).toBe('Queue img has 7 waiting jobs and no worker. The oldest has waited for 60 min.');
  expect(finding?.todo).toContain('QUEUES=img');
});

it('shows five queues of a kind, and how many there are', () => {
  const many = Array.from({ length: 12 }, (_, i) => queueStats({ ...waiting, workers: [], queue: `q${i}` }));
  const findings = checkQueues(many, 100);
  expect(findings).toHaveLength(6);
  expect(findings.at(-1)?.what).toBe('The same holds for 7 more queues.');
});

it.each([
  [900, '1 s'],
  [90_000, '2 min'],
  [50 * HOUR_MS, '50 h'],
])('says %s ms as %s', (ms, text) => {
  expect(spokenTime(ms)).toBe(text);
});
