import { describe, expect, it } from 'vitest';
import { type FinishedJob, takeChunk } from '../../../../workers/intake/calls/finished-jobs.ts';

const finished = (lengths: readonly number[]): FinishedJob[] =>
  lengths.map((length) => ({
    completion: {
      ref: { place: 'normal', entryId: '1-0' },
      token: 1,
      status: 'completed',
      ttlMs: 1,
      isAwaited: false,
      tail: 'x'.repeat(length),
    },
    waitMs: 0,
    runMs: 0,
    onSettled: () => undefined,
    onError: () => undefined,
  }));

describe('a chunk of finished jobs', () => {
  it('has at most 100 jobs, and leaves the others in order', () => {
    const jobs = finished(Array(250).fill(1));
    const [first, , last] = [jobs[0], jobs[1], jobs[249]];
    const chunk = takeChunk(jobs);
    expect([chunk.length, chunk[0] === first, jobs.length, jobs.at(-1) === last]).toEqual([
      100,
      true,
      150,
      true,
    ]);
  });

  it('has at most 4 MiB of results', () => {
    const jobs = finished([3_000_000, 1_000_000, 1_000_000]);
    expect([takeChunk(jobs).length, jobs.length]).toEqual([2, 1]);
  });

  it('is one job when its result alone is longer', () => {
    const jobs = finished([5_000_000, 1]);
    expect([takeChunk(jobs).length, takeChunk(jobs).length, takeChunk(jobs).length]).toEqual([1, 1, 0]);
  });
});
