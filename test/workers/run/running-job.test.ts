import { describe, expect, it } from 'vitest';
import { JobAborted } from '../../../workers/run/abort.ts';
import { createRunningJob } from '../../helpers/workers/running-job.ts';

describe('a running job', () => {
  it('has the id of its queue and entry', () => {
    expect(createRunningJob({ queue: 'mail', entryId: '7-1' }).id).toBe('mail~n7-1');
  });

  it.each(['before', 'after'] as const)(
    'aborts its signal with the cause, asked for %s the abort',
    (when) => {
      const job = createRunningJob();
      const early = when === 'before' ? job.signal : undefined;
      job.abort('cancelled');
      const signal = early ?? job.signal;
      expect(signal.aborted).toBe(true);
      expect(signal.reason).toBeInstanceOf(JobAborted);
      expect(signal.reason).toMatchObject({ abortCause: 'cancelled' });
      job.handlerEnded();
    },
  );

  it('keeps its first abort cause', () => {
    const job = createRunningJob();
    job.abort('timeout');
    job.abort('shutdown');
    expect(job.abortCause).toBe('timeout');
    job.handlerEnded();
  });

  it('is given up when its handler does not react to the abort', async () => {
    const job = createRunningJob();
    const early = job.givenUp;
    job.abort('lease-lost');
    await early;
    // Also for one who asks only then.
    await job.givenUp;
  });

  it('has begun once it has a deadline', () => {
    const job = createRunningJob();
    expect(job.begun).toBe(false);
    job.deadline = 5;
    expect(job.begun).toBe(true);
  });
});
