import { describe, expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { spawnWorker } from '../../helpers/workers/worker-process.ts';
import { usePython } from './python.ts';

const redis = useRedis();
const api = useApi(redis);
const python = usePython(() => api.origin);

/** As the article has it, but for the import. */
const ARTICLE = `
from millrace import TaskQueue

queue = TaskQueue('my-queue')

@queue.task
def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a

# Calculate 100,000th fibonacci number in worker process.
fib100k = fib(100000)

# Block until the result becomes ready, then display last 6 digits.
print('100,000th fibonacci ends with: %s' % str(fib100k())[-6:])
`;

/** The main part of the article's listing, with shorter sleeps. */
const LISTING = `
import time
from millrace import TaskQueue

if __name__ == '__main__':
    queue = TaskQueue('listing')

    @queue.task
    def sleep(n):
        print('going to sleep for %s seconds' % n)
        time.sleep(n)
        print('woke up after %s seconds' % n)

    @queue.task
    def fib(n):
        a, b = 0, 1
        for _ in range(n):
            a, b = b, a + b
        return a

    queue.run(4)
    sleeps = [sleep(0.1), sleep(0.2), sleep(0.3), sleep(0.4)]
    v10k, v100k = fib(10000), fib(100000)
    print('10kth fib number ends with: %s' % str(v10k())[-6:])
    print('100kth fib number ends with: %s' % str(v100k())[-6:])
    assert [each() for each in sleeps] == [None] * 4
    queue.shutdown()
    print('all workers have stopped.')
    queue.run(4)
    print('workers are running again.')
    last = sleep(0.2)
    last()
    queue.shutdown()
    print('done!')
`;

/** Serves the same task in another language: the arguments are the payload, and the text of a long number is its result. */
const IN_TYPESCRIPT = `
export default ({ args: [n] }) => {
  let [a, b] = [0n, 1n];
  for (let i = 0; i < n; i++) [a, b] = [b, a + b];
  return String(a);
};
`;

describe("the article's program", () => {
  it('prints the last digits with a Python worker, which works on the program as it stands', async () => {
    python.write('article.py', ARTICLE);
    const program = python.start(['article.py']);
    const waits = async () => (await api.http.get('/queues/my-queue')).body.counts.queued === 1;
    await until(waits, 'the job of the program');
    const worker = await python.work('article:queue', '--concurrency', '4', '--processes', '2');
    expect(await program.ended()).toBe(0);
    expect(program.stdout).toBe('100,000th fibonacci ends with: 746875\n');
    expect(await worker.stop()).toBe(0);
    // To import the program must not run it: each start of a worker would submit another job.
    const history = await api.http.get('/queues/my-queue/history?type=completed');
    expect(history.body.items).toHaveLength(1);
    expect(worker.stderr).toContain("Put it below `if __name__ == '__main__':`.");
  });

  it('prints them with a TypeScript worker of the same name', async () => {
    python.write('article.py', ARTICLE);
    python.write('fib.mjs', IN_TYPESCRIPT);
    spawnWorker(redis.url, { QUEUES: 'my-queue', TASKS_DIR: python.dir });
    const program = python.start(['article.py']);
    expect(await program.ended()).toBe(0);
    expect(program.stdout).toBe('100,000th fibonacci ends with: 746875\n');
  });

  it('runs, stops and runs workers again as its listing does', async () => {
    python.write('listing.py', LISTING);
    const program = python.start(['listing.py']);
    expect(await program.ended()).toBe(0);
    // Processes that print at the same time may share a line.
    const { stdout } = program;
    expect(stdout).toContain('10kth fib number ends with: 366875');
    expect(stdout).toContain('100kth fib number ends with: 746875');
    expect(stdout).toContain('woke up after 0.4 seconds');
    expect(stdout.match(/woke up/g)).toHaveLength(5);
    expect(stdout).toMatch(/\ndone!\n$/);
  });
});
