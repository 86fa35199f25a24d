import { expect, it } from 'vitest';
import { usePython } from './python.ts';

// Nothing listens there: a test of a task needs no service.
const python = usePython(() => 'http://127.0.0.1:1');

const TASK = `
from millrace import JobCancelled, NotJson, TaskQueue, current_job
from millrace.testing import job_in_test
queue = TaskQueue('tested')

@queue.task
def steps(count):
    job = current_job()
    for n in range((job.checkpoint or {}).get('next', 0), count):
        job.check()
        job.progress({'step': n})
        job.log('step %d of attempt %d' % (n, job.attempt), 'warn')
        job.save({'next': n + 1})
    return job.attempt, job.max_attempts, job.key, job.metadata
`;

const run = (code: string): Promise<string> => python.run(TASK + code);

it('gives a task a job without a service, and keeps what the task reports', async () => {
  const output = await run(`
with job_in_test(attempt=2, max_attempts=5, checkpoint={'next': 1}, key='k', metadata={'a': 'b'}) as job:
    print(steps.fn(3))
print(job.progress_reports, job.log_lines, job.checkpoint)
`);
  expect(output.trim().split('\n')).toEqual([
    "(2, 5, 'k', {'a': 'b'})",
    "[{'step': 1}, {'step': 2}] [('warn', 'step 1 of attempt 2'), ('warn', 'step 2 of attempt 2')] {'next': 3}",
  ]);
});

it('refuses what a worker refuses: reports that JSON cannot hold, a cancelled job, code outside', async () => {
  const output = await run(`
def fault(call):
    try:
        call()
    except (JobCancelled, NotJson, RuntimeError) as error:
        print(type(error).__name__, error)

with job_in_test() as job:
    fault(lambda: job.progress(object()))
    fault(lambda: job.save(float('nan')))
    job.cancel()
    fault(lambda: steps.fn(1))
    fault(lambda: job.sleep(60))
fault(lambda: steps.fn(1))
`);
  const lines = output.trim().split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual([
    'NotJson',
    'NotJson',
    'JobCancelled',
    'JobCancelled',
    'RuntimeError',
  ]);
  expect(lines.at(-1)).toContain('millrace.testing.job_in_test()');
});
