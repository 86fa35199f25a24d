import { describe, expect, it } from 'vitest';
import { revisionOf, revisionOfNew } from '../../src/jobs/revision.ts';
import type { Job } from '../../src/schemas/job.ts';

const job = (more: Partial<Job> = {}): Job => ({
  id: 'q~n1-0',
  queue: 'q',
  task: 'echo',
  priority: 'normal',
  status: 'queued',
  attempt: 0,
  maxAttempts: 5,
  createdAt: '2026-01-01T00:00:00.000Z',
  ...more,
});

describe('the revision of a job', () => {
  it('is known for a new job without its view', () => {
    expect(revisionOf(job())).toBe(revisionOfNew(5));
    expect(revisionOf(job({ maxAttempts: 6 }))).not.toBe(revisionOfNew(5));
  });

  it('changes with status, attempt, progress and end', () => {
    const finishedAt = '2026-01-01T00:00:01.000Z';
    const revisions = [
      job(),
      job({ status: 'running', attempt: 1 }),
      job({ status: 'running', attempt: 1, progress: 1 }),
      job({ status: 'retrying', attempt: 1 }),
      job({ status: 'running', attempt: 2 }),
      job({ status: 'failed', attempt: 2, finishedAt }),
      job({ status: 'completed', attempt: 2, finishedAt }),
    ].map(revisionOf);
    expect(new Set(revisions).size).toBe(revisions.length);
  });
});
