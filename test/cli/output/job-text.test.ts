import { expect, it } from 'vitest';
import { JOB_COLUMNS, jobDetails, STATUS_NAMES } from '../../../src/cli/output/job-text.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { STATUSES } from '../../../src/schemas/values/names.ts';

const job: Job = {
  id: 'q~1',
  queue: 'q',
  task: 'do',
  status: 'queued',
  heldBy: 'rate',
  attempt: 1,
  maxAttempts: 5,
  createdAt: '2026-01-01T00:00:00.000Z',
  error: { message: 'no', attempt: 1, at: '2026-01-01T00:00:00.000Z' },
};

it('knows each status', () => expect(new Set(STATUS_NAMES)).toEqual(new Set(STATUSES)));

it('shows why a job waits, and its error', () => {
  const details = new Map(jobDetails(job).map(([label, value]) => [label, value]));
  expect(details.get('status')).toBe('queued, waits for rate');
  expect(details.get('attempt')).toBe('1 of 5');
  expect(details.get('error')).toBe('Error: no');
  expect(details.get('payload')).toBeUndefined();
});

it('has a column for each thing that a list of jobs shows', () => {
  expect(JOB_COLUMNS.map(({ of }) => of(job))).toEqual([
    'q~1',
    'do',
    'queued',
    '1/5',
    job.createdAt,
    'Error: no',
  ]);
});
