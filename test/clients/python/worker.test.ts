import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import { makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { startReadyApi, useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { startApiProcess } from '../../helpers/workers/built-processes.ts';
import { isAlive } from '../../helpers/workers/worker-process.ts';
import { usePython } from './python.ts';

const redis = useRedis();
const api = useApi(redis);
const python = usePython(() => api.origin);

/** A module with tasks in a queue of its own; each task says in a file what it does. */
function writeTasks(queue: string): void {
  python.write(
    `${queue}.py`,
    `
import asyncio, os, time
from millrace import NoRetry, RetryIn, TaskQueue, current_job

queue = TaskQueue('${queue}')

def note(text):
    with open('${queue}.txt', 'a') as notes:
        notes.write(text + '\\n')

@queue.task
def add(a, b=1):
    return a + b

@queue.task
def nap(seconds):
    note('started %s %d' % (current_job().id, os.getpid()))
    time.sleep(seconds)
    note('ended ' + current_job().id)
    return os.getpid()

@queue.task
def watchful():
    note('started ' + current_job().id)
    try:
        current_job().sleep(60)
    finally:
        note('told ' + current_job().id)

@queue.task
def deaf():
    note('started ' + current_job().id)
    while True:
        pass

@queue.task
async def waits():
    note('started ' + current_job().id)
    await asyncio.sleep(60)

@queue.task
def reports():
    job = current_job()
    job.log('one line')
    job.log('careful', level='warn')
    job.progress({'step': 1})
    job.save({'page': (job.checkpoint or {'page': 0})['page'] + 1})
    if job.attempt < 3:
        raise RetryIn(0.01, 'again')
    return job.checkpoint

@queue.task
def fails(kind):
    if kind == 'for-good':
        raise NoRetry('no use')
    try:
        {}['missing']
    except KeyError as error:
        raise ValueError('no such thing') from error

@queue.task
def no_json():
    return {1, 2}

@queue.task(name='odd', form='payload', attempts=2, backoff={'type': 'fixed', 'delay': 0.01}, input={'type': 'string'})
def any_name(text):
    raise SystemExit('told to ' + text)
`,
  );
}

const notes = (queue: string): string => {
  try {
    return readFileSync(join(python.dir, `${queue}.txt`), 'utf8');
  } catch {
    return '';
  }
};
const NO_WAIT = { type: 'fixed', delay: 1 };
const call = (...args: unknown[]) => ({ args, kwargs: {} });
const started = (queue: string, id: string) =>
  until(() => notes(queue).includes(`started ${id}`), `the start of ${id}`);
const work = (queue: string, ...args: string[]) => {
  writeTasks(queue);
  return python.work(`${queue}:queue`, ...args);
};

describe('a Python worker', () => {
  it('runs tasks of every form, and says how they failed', async () => {
    const queue = 'forms';
    const worker = await work(queue);
    const run = async (task: string, payload: unknown) =>
      api.finished(
        (await api.submit({ queue, task, payload, backoff: { type: 'fixed', delay: 1 }, attempts: 2 })).id,
      );
    expect(await run('add', { args: [40], kwargs: { b: 2 } })).toMatchObject({
      status: 'completed',
      result: 42,
    });
    expect(await run('add', { a: 1, b: 2 })).toMatchObject({ result: 3 });
    expect(await run('add', 5)).toMatchObject({ result: 6 });
    expect(await run('add', { c: 1 })).toMatchObject({
      status: 'failed',
      attempt: 1,
      error: { name: 'TypeError', message: expect.stringContaining('missing a required argument') },
    });
    expect(await run('fails', call('twice'))).toMatchObject({
      status: 'failed',
      attempt: 2,
      error: {
        name: 'ValueError',
        message: 'no such thing',
        stack: expect.stringContaining('forms.py'),
        cause: { name: 'KeyError' },
      },
    });
    expect(await run('fails', call('for-good'))).toMatchObject({ attempt: 1, error: { name: 'NoRetry' } });
    expect(await run('no_json', null)).toMatchObject({ attempt: 1, error: { name: 'NotJson' } });
    expect(await run('reports', null)).toMatchObject({ status: 'failed', attempt: 2 });
    const odd = await api.submit({ queue, task: 'odd', payload: 'stop' });
    expect(await api.finished(odd.id)).toMatchObject({
      attempt: 2,
      error: { name: 'SystemExit', message: 'told to stop' },
    });
    await api.http.post('/jobs').send({ queue, task: 'odd', payload: 1 }).expect(422);
    expect(await worker.stop()).toBe(0);
  });

  it('reports progress, a log and a checkpoint', async () => {
    const worker = await work('reporting');
    const { id } = await api.submit({ queue: 'reporting', task: 'reports' });
    expect(await api.finished(id)).toMatchObject({ status: 'completed', attempt: 3, result: { page: 3 } });
    const { body } = await api.http.get(`/jobs/${id}/logs`);
    expect(body.items).toMatchObject(
      [1, 2, 3].flatMap((attempt) => [
        { attempt, level: 'info', message: 'one line' },
        { attempt, level: 'warn', message: 'careful' },
      ]),
    );
    await worker.stop();
  });

  it('keeps the lease of a job that takes longer than it', async () => {
    const worker = await work('lasting', '--lease', '1');
    const { id } = await api.submit({ queue: 'lasting', task: 'nap', payload: call(3) });
    expect(await api.finished(id)).toMatchObject({ status: 'completed', attempt: 1 });
    await worker.stop();
  });

  it.each([
    ['watchful', 'that looks'],
    ['waits', 'that is a coroutine'],
    ['deaf', 'that does not look'],
  ])('stops %s, a task %s, when its job is cancelled', async (task) => {
    const queue = `cancel-${task}`;
    const worker = await work(queue, '--lease', '3', '--concurrency', '1');
    const { id } = await api.submit({ queue, task });
    await started(queue, id);
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    expect(await api.finished(id)).toMatchObject({ status: 'cancelled' });
    // Its only thread is free again.
    const next = await api.submit({ queue, task: 'add', payload: call(1) });
    expect(await api.finished(next.id)).toMatchObject({ status: 'completed', result: 2 });
    expect(await worker.stop()).toBe(0);
    expect(worker.stderr).not.toContain('takes the place');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'finishes on %s what it runs, and takes nothing more',
    async (signal) => {
      const queue = `drain-${signal}`;
      const worker = await work(queue, '--concurrency', '1');
      const { id } = await api.submit({ queue, task: 'nap', payload: call(1) });
      await started(queue, id);
      const waiting = await api.submit({ queue, task: 'nap', payload: call(0) });
      expect(await worker.stop(signal)).toBe(0);
      expect(await api.get(id)).toMatchObject({ status: 'completed', attempt: 1 });
      expect(await api.get(waiting.id)).toMatchObject({ status: 'queued', attempt: 0 });
    },
  );

  it('gives back after its grace what it still runs', async () => {
    const queue = 'released';
    const worker = await work(queue, '--grace', '0.2', '--processes', '2', '--concurrency', '2');
    const jobs = await Promise.all(
      [1, 2, 3].map(() => api.submit({ queue, task: 'nap', payload: call(60) })),
    );
    for (const { id } of jobs) await started(queue, id);
    expect(await worker.stop()).toBe(0);
    for (const { id } of jobs) expect(await api.get(id)).toMatchObject({ status: 'queued', attempt: 0 });
  });

  it('ends at once on a second signal, and gives back what it runs', async () => {
    const queue = 'twice';
    const worker = await work(queue, '--grace', '3600');
    const { id } = await api.submit({ queue, task: 'nap', payload: call(60) });
    await started(queue, id);
    worker.process.kill('SIGTERM');
    await until(
      async () => (await api.http.get('/queues/twice')).body.counts.running === 1,
      'the running job',
    );
    const twice = setInterval(() => worker.process.kill('SIGTERM'), 300);
    expect(await worker.ended()).not.toBe(0);
    clearInterval(twice);
    expect(await api.get(id)).toMatchObject({ status: 'queued', attempt: 0 });
  });

  it('replaces a process that is killed, and its job runs again', async () => {
    const queue = 'killed';
    // The leases alone would keep the jobs for longer than this test may take.
    const worker = await work(queue, '--lease', '600', '--processes', '2', '--concurrency', '2');
    const jobs = await Promise.all(
      [1, 2, 3, 4].map(() => api.submit({ queue, task: 'nap', payload: call(3), backoff: NO_WAIT })),
    );
    for (const { id } of jobs) await started(queue, id);
    const [, first = '', pid = ''] = /started (\S+) (\d+)/.exec(notes(queue)) ?? [];
    process.kill(Number(pid), 'SIGKILL');
    await worker.says('(signal 9); another one takes its place. Its jobs (2) run again.');
    expect(await api.finished(first)).toMatchObject({ status: 'completed', attempt: 2 });
    const ended = await Promise.all(jobs.map(({ id }) => api.finished(id)));
    expect(ended.map(({ attempt }) => attempt).sort()).toEqual([1, 1, 2, 2]);
    await until(() => worker.stderr.split(' works on ').length === 4, 'the third process');
    expect(await worker.stop()).toBe(0);
  });

  it('lets the jobs of a process run elsewhere that is killed while the worker stops', async () => {
    const queue = 'killed-late';
    const worker = await work(queue, '--lease', '600');
    const { id } = await api.submit({ queue, task: 'nap', payload: call(60), backoff: NO_WAIT });
    await started(queue, id);
    const pid = Number(/started \S+ (\d+)/.exec(notes(queue))?.[1]);
    worker.process.kill('SIGTERM');
    process.kill(pid, 'SIGKILL');
    expect(await worker.ended()).toBe(1);
    await until(async () => (await api.get(id)).status === 'queued', 'the end of the lease');
    expect((await api.get(id)).errors).toMatchObject([{ name: 'worker-lost' }]);
  });

  it('finishes its jobs and ends when its parent is killed', async () => {
    const queue = 'orphans';
    const worker = await work(queue);
    const { id } = await api.submit({ queue, task: 'nap', payload: call(1) });
    await started(queue, id);
    await worker.stop('SIGKILL');
    const job = await api.finished(id);
    expect(job).toMatchObject({ status: 'completed', attempt: 1 });
    await until(() => !isAlive(Number(job.result)), 'the end of the process');
  });

  it('loses no job of many when its processes are killed and the API restarts', async () => {
    const queue = 'many';
    const reaper = createOrphanReaper();
    const first = await startApiProcess(redis.url, reaper);
    writeTasks(queue);
    const args = [
      '-m',
      'millrace',
      'work',
      `${queue}:queue`,
      '--processes',
      '2',
      '--lease',
      '1',
      '--concurrency',
      '8',
    ];
    const worker = python.start(args, { MILLRACE_URL: first.origin });
    await worker.says(' works on ');
    const submit = () =>
      api.submit({ queue, task: 'nap', payload: call(0.05), backoff: { type: 'fixed', delay: 1 } });
    const jobs = await Promise.all(Array.from({ length: 200 }, submit));
    await until(() => notes(queue).split('ended').length > 40, 'the first jobs');
    process.kill(Number(/started \S+ (\d+)/.exec(notes(queue))?.[1]), 'SIGKILL');
    first.child.signal('SIGKILL');
    await first.child.exited;
    await worker.says('waits for the service');
    const second = await startApiProcess(redis.url, reaper, {}, first.port);
    for (const { id } of jobs) expect(await api.finished(id)).toMatchObject({ status: 'completed' });
    expect(await worker.stop()).toBe(0);
    await second.stop();
    reaper.end();
  });

  it('stops its jobs by itself when the service is silent for as long as a lease lasts, and goes on later', async () => {
    const queue = 'silent';
    writeTasks(queue);
    const reaper = createOrphanReaper();
    const silent = await startApiProcess(redis.url, reaper);
    const args = ['-m', 'millrace', 'work', `${queue}:queue`, '--lease', '2'];
    const worker = python.start(args, { MILLRACE_URL: silent.origin });
    await worker.says(' works on ');
    const { id } = await api.submit({ queue, task: 'watchful', attempts: 3 });
    await started(queue, id);
    silent.child.signal('SIGSTOP');
    await until(() => notes(queue).includes(`told ${id}`), 'the end of the attempt');
    expect(worker.stderr).toContain(`job ${id} stops: the service was silent`);
    silent.child.signal('SIGCONT');
    await until(() => notes(queue).split(`started ${id}`).length === 3, 'the second attempt');
    expect(await api.get(id)).toMatchObject({ status: 'running', attempt: 2 });
    await worker.stop('SIGKILL');
    await silent.stop();
    reaper.end();
  });

  it('reports an outcome again until the service has heard it', async () => {
    const queue = 'unheard';
    let refusals = 0;
    const front = createServer((incoming, outgoing) => {
      const { url = '', method, headers } = incoming;
      if (url.includes('/settle') && refusals < 3) {
        refusals += 1;
        // Refused, then lost, then refused.
        if (refusals === 2) incoming.destroy();
        else outgoing.writeHead(503).end();
        return;
      }
      const forwarded = request(new URL(url, api.origin), { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      forwarded.once('error', () => outgoing.destroy());
      outgoing.once('close', () => forwarded.destroy());
      incoming.pipe(forwarded);
    });
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    writeTasks(queue);
    const { port } = front.address() as AddressInfo;
    const args = ['-m', 'millrace', 'work', `${queue}:queue`, '--lease', '120'];
    const worker = python.start(args, { MILLRACE_URL: `http://127.0.0.1:${port}` });
    await worker.says(' works on ');
    const { id } = await api.submit({ queue, task: 'add', payload: call(1), attempts: 1 });
    expect(await api.finished(id)).toMatchObject({ status: 'completed', attempt: 1, result: 2 });
    expect(refusals).toBe(3);
    expect(await worker.stop()).toBe(0);
    front.close();
    front.closeAllConnections();
  });

  it('ends when somebody drains it', async () => {
    const queue = 'drained';
    const worker = await work(queue);
    const name = /millrace: (\S+) works on/.exec(worker.stderr)?.[1] ?? '';
    await api.http.post(`/workers/${encodeURIComponent(name)}/drain`).expect(202);
    expect(await worker.ended()).toBe(0);
    expect(worker.stderr).toContain('is drained by the service');
  });

  it.each([
    ['nowhere:queue', 'There is no module nowhere.'],
    ['wrong', 'Write module:queue'],
    ['usage:other', 'other is nothing in usage. Name a TaskQueue.'],
  ])('says what is wrong with %s, and ends with 2', async (queue, text) => {
    writeTasks('usage');
    const worker = python.start(['-m', 'millrace', 'work', queue]);
    expect(await worker.ended()).toBe(2);
    expect(worker.stderr).toContain(text);
  });

  it('ends with 1 when its key is refused, and works with one for its queue', async () => {
    const guarded = await startReadyApi(redis.url, WITH_KEYS);
    writeTasks('guarded');
    const start = (key: string) =>
      python.start(['-m', 'millrace', 'work', 'guarded:queue'], {
        MILLRACE_URL: guarded.origin,
        MILLRACE_KEY: key,
      });
    const refused = start('mr_wrong');
    expect(await refused.ended()).toBe(1);
    expect(refused.stderr).toContain('401 unauthorized');
    expect(refused.stderr).not.toContain('mr_wrong');
    const { key } = await makeKey(guarded.origin, ['work:guarded']);
    const worker = start(key);
    await worker.says(' works on ');
    const { id } = await api.submit({ queue: 'guarded', task: 'add', payload: call(1) });
    expect(await api.finished(id)).toMatchObject({ status: 'completed' });
    expect(await worker.stop()).toBe(0);
    await guarded.app.close();
  });
});
