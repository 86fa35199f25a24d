import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type BreakableProxy, startProxy } from '../../helpers/api/proxy.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { usePython } from './python.ts';

const redis = useRedis();
const api = useApi(redis);
let proxy: BreakableProxy;
const python = usePython(() => proxy.url);

beforeAll(async () => {
  proxy = await startProxy(api.origin);
});
afterEach(() => proxy.breakOff(false));
afterAll(() => proxy.close());

const linesOf = async (id: string): Promise<string[]> =>
  (await api.http.get(`/jobs/${id}/logs`)).body.items.map(({ message }: { message: string }) => message);

/** Resolves when that many more requests to such a path have come to the proxy. */
async function untilSeen(path: string, more: number): Promise<void> {
  const count = () => proxy.seen.filter((request) => request.includes(path)).length;
  const before = count();
  await until(() => count() >= before + more, `${more} requests to ${path}`);
}

it('sends the lines of a log later that the service could not take, also after the end of the task', async () => {
  python.write(
    'chatty.py',
    `
import os, time
from millrace import TaskQueue, current_job
queue = TaskQueue('chatty')

@queue.task
def chatty():
    job = current_job()
    for n in range(1, 41):
        job.log('line %d' % n)
        while n in (5, 30) and not os.path.exists('go-%d' % n):
            time.sleep(0.02)
`,
  );
  const worker = await python.work('chatty:queue');
  const { id } = await api.submit({ queue: 'chatty', task: 'chatty' });
  await until(async () => (await linesOf(id)).length === 5, 'the first lines');
  proxy.breakOff(true);
  python.write('go-5', '');
  await untilSeen('/log', 2);
  proxy.breakOff(false);
  await until(async () => (await linesOf(id)).length === 30, 'the lines of the outage');
  proxy.breakOff(true);
  python.write('go-30', '');
  await untilSeen('/log', 2);
  expect((await api.get(id)).status).toBe('running');
  proxy.breakOff(false);
  expect(await api.finished(id)).toMatchObject({ status: 'completed', attempt: 1 });
  expect(await linesOf(id)).toEqual(Array.from({ length: 40 }, (_, n) => `line ${n + 1}`));
  expect(await worker.stop()).toBe(0);
});

it('sends as much of a long log as the service keeps', async () => {
  python.write(
    'long.py',
    `
from millrace import TaskQueue, current_job
queue = TaskQueue('long')

@queue.task
def long():
    for n in range(3000):
        current_job().log('%d ' % n + 'ü' * 5000)
`,
  );
  const worker = await python.work('long:queue');
  const { id } = await api.submit({ queue: 'long', task: 'long' });
  expect(await api.finished(id)).toMatchObject({ status: 'completed' });
  const lines = await linesOf(id);
  expect(lines.at(-1)).toMatch(/^2999 ü{3995}…$/);
  await worker.stop();
});

it('raises in the task what JSON cannot hold, and sends the rest', async () => {
  python.write(
    'unusable.py',
    `
from millrace import NotJson, TaskQueue, current_job
queue = TaskQueue('unusable')

@queue.task
def unusable():
    job, said = current_job(), []
    job.log('kept')
    for report in (job.progress, job.save):
        for wrong in (object(), {'p': float('nan')}):
            try: report(wrong)
            except NotJson as error: said.append(str(error).split(' cannot')[0])
    job.log(object, level=None)
    return said
`,
  );
  const worker = await python.work('unusable:queue');
  const { id } = await api.submit({ queue: 'unusable', task: 'unusable', attempts: 1 });
  expect(await api.finished(id)).toMatchObject({
    status: 'completed',
    result: ['The progress', 'The progress', 'The checkpoint', 'The checkpoint'],
  });
  expect(await linesOf(id)).toEqual(['kept', "<class 'object'>"]);
  await worker.stop();
});

it('starts workers whose tasks the service knows, although earlier ones had others', async () => {
  python.write(
    'others.py',
    `
from millrace import TaskQueue
for n in range(4):
    queue = TaskQueue('others')
    queue.task(name='task-%d' % n)(lambda n=n: n)
    queue.run(1)
    assert queue.submit('task-%d' % n).wait() == n
    queue.shutdown()
`,
  );
  const program = python.start(['others.py']);
  expect(await program.ended(), program.stderr).toBe(0);
});

it('names the address of a service that is away', async () => {
  proxy.breakOff(true);
  python.write('away.py', "from millrace import TaskQueue\nqueue = TaskQueue('away')\nqueue.task(max)\n");
  const worker = python.start(['-m', 'millrace', 'work', 'away:queue']);
  await worker.says(`waits for the service at ${proxy.url}: `);
  proxy.breakOff(false);
  await worker.says(' works on away: max');
  expect(await worker.stop()).toBe(0);
});

it('says of each failed attempt in one line which one it was, why, and when the next one comes', async () => {
  python.write(
    'failing.py',
    `
from millrace import NoRetry, TaskQueue, current_job
queue = TaskQueue('failing')

@queue.task
def breaks(text):
    raise ValueError(text)

@queue.task
def useless():
    raise NoRetry

@queue.task
def slow():
    current_job().sleep(60)
`,
  );
  const worker = await python.work('failing:queue', '--lease', '3');
  const fails = async (task: string, options: object) => {
    const { id } = await api.submit({ queue: 'failing', task, ...options });
    await api.finished(id);
    return id;
  };
  const said = async (id: string, ...lines: string[]) => {
    for (const line of lines) await worker.says(`job ${id}: ${line}\n`);
    expect(worker.stderr.split(id)).toHaveLength(lines.length + 1);
  };

  const backoff = { type: 'fixed', delay: 1_200, jitter: 0 };
  const payload = 'no \u001b[31mdisk.\nline two.';
  const broken = await fails('breaks', { payload, attempts: 2, backoff });
  await said(
    broken,
    'attempt 1 of 2 failed: ValueError: no ?[31mdisk. line two. The next one can start in 1.2 s.',
    'attempt 2 of 2 failed: ValueError: no ?[31mdisk. line two. It was the last one.',
  );
  const useless = await fails('useless', { attempts: 'unlimited' });
  await said(useless, 'attempt 1 failed: NoRetry: NoRetry. It was the last one.');
  const text = 'x'.repeat(1_000);
  const long = await fails('breaks', { payload: text, attempts: 1 });
  await said(long, `attempt 1 of 1 failed: ValueError: ${text.slice(0, 288)}…. It was the last one.`);
  const slow = await fails('slow', { attempts: 1, timeout: 500 });
  const late = 'TimeoutError: The attempt took longer than its timeout of 0.5 s.';
  await said(slow, `attempt 1 of 1 failed: ${late} It was the last one.`);
  const { id } = await api.submit({ queue: 'failing', task: 'slow' });
  await until(async () => (await api.get(id)).status === 'running', 'the attempt');
  await api.http.post(`/jobs/${id}/cancel`).expect(202);
  await api.finished(id);
  await said(id, 'attempt 1 of 5 has ended: the job is cancelled.');
  expect(worker.stderr).toContain('millrace: breaks, job ');
  expect(await worker.stop()).toBe(0);
});
