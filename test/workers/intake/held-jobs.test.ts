import { expect, it } from 'vitest';
import { HeldJobs } from '../../../workers/intake/held-jobs.ts';
import { createRunningJob } from '../../helpers/workers/running-job.ts';

function create() {
  const [a, b, other] = [
    createRunningJob({ queue: 'one', entryId: '1-0', takenAt: 100 }),
    createRunningJob({ queue: 'one', entryId: '2-0', takenAt: 200 }),
    createRunningJob({ queue: 'two', entryId: '1-0', takenAt: 100 }),
  ];
  const held = [a, b, other];
  const causes = () => {
    for (const job of held) job.handlerEnded();
    return held.map(({ abortCause }) => abortCause);
  };
  return { jobs: new HeldJobs({ held }), causes };
}

it('cancels one job by queue and ref', () => {
  const { jobs, causes } = create();
  jobs.cancel('one', 'n1-0');
  expect(causes()).toEqual(['cancelled', undefined, undefined]);
});

it('aborts the jobs of a queue whose lease was lost, but not those taken under the new lease', () => {
  const { jobs, causes } = create();
  jobs.loseLease('one', 200);
  expect(causes()).toEqual(['lease-lost', undefined, undefined]);
});

it('aborts all jobs of a queue that has no lease', () => {
  const { jobs, causes } = create();
  jobs.loseLease('one');
  expect(causes()).toEqual(['lease-lost', 'lease-lost', undefined]);
});

it('aborts all jobs at a shutdown', () => {
  const { jobs, causes } = create();
  jobs.abortAll('shutdown');
  expect(causes()).toEqual(['shutdown', 'shutdown', 'shutdown']);
});
