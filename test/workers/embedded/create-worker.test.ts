import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TaskContext } from '../../../src/tasks/types.ts';
import { startMillrace, type TestStack } from '../../../src/testing/test-stack.ts';
import { createWorker, type WorkerOptions } from '../../../workers/embedded/create-worker.ts';
import type { ProgramWorker } from '../../../workers/embedded/program-worker.ts';
import { type HttpWorkerOptions, httpWorker } from '../../../workers/over-http/create-http-worker.ts';
import { submitTo } from '../../helpers/api/submit-to.ts';

let stack: TestStack;
const workers: ProgramWorker[] = [];

beforeAll(async () => {
  stack = await startMillrace();
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop({ graceMs: 0 })));
});

afterAll(() => stack.stop());

const { submit, get, cancel } = submitTo(() => stack.url);

type Options = Pick<WorkerOptions & HttpWorkerOptions, 'tasks' | 'queues' | 'concurrency'>;

/** A promise that the test settles: Promise.withResolvers comes with Node 22. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const KINDS = {
  createWorker: (options: Options) => createWorker({ redisUrl: stack.redisUrl, ...options }),
  httpWorker: (options: Options) => httpWorker({ url: stack.url, ...options }),
};

/** As a program without types calls them. */
const MAKERS = { createWorker, httpWorker };

describe.each([
  ['createWorker', KINDS.createWorker],
  ['httpWorker', KINDS.httpWorker],
] as const)('%s', (kind, make) => {
  const start = async (options: Options): Promise<ProgramWorker> => {
    const worker = make(options);
    workers.push(worker);
    await worker.ready;
    return worker;
  };

  it('runs jobs of its queues, and tells how they end', async () => {
    const ends: unknown[] = [];
    const worker = await start({
      queues: [`${kind}-a`, `${kind}-b`],
      tasks: {
        double: ({ n }: { n: number }) => n * 2,
        fails: () => {
          throw Object.assign(new Error('no disk'), { retryable: false, code: 'ENOSPC' });
        },
      },
    });
    worker.on('completed', (end) => ends.push(end)).on('failed', (end) => ends.push(end));
    const done = await submit({ queue: `${kind}-a`, task: 'double', payload: { n: 21 } }, 60);
    expect(done).toMatchObject({ status: 'completed', result: 42 });
    const failed = await submit({ queue: `${kind}-b`, task: 'fails' }, 60);
    expect(failed).toMatchObject({
      status: 'failed',
      error: { message: 'no disk', name: 'Error', code: 'ENOSPC' },
    });
    await expect.poll(() => ends).toHaveLength(2);
    expect(ends).toEqual([
      { job: done.id, queue: `${kind}-a`, task: 'double', attempt: 1 },
      {
        job: failed.id,
        queue: `${kind}-b`,
        task: 'fails',
        attempt: 1,
        error: expect.stringContaining('no disk'),
      },
    ]);
  });

  it('gives handlers the whole context', async () => {
    await start({
      queues: [`${kind}-context`],
      tasks: {
        steps: async (_: unknown, { job, progress, checkpoint, lastCheckpoint, log }: TaskContext) => {
          progress({ percent: 50 });
          log(`attempt ${job.attempt}`, 'warn');
          if (job.attempt === 1) {
            await checkpoint({ page: 7 });
            throw Object.assign(new Error('again'), { retryInMs: 0 });
          }
          return { lastCheckpoint, job };
        },
      },
    });
    const job = await submit({ queue: `${kind}-context`, task: 'steps', metadata: { who: 'Ada' } }, 60);
    expect(job).toMatchObject({
      status: 'completed',
      result: { lastCheckpoint: { page: 7 }, job: { attempt: 2, metadata: { who: 'Ada' }, maxAttempts: 5 } },
    });
    const logs = await (await fetch(`${stack.url}/jobs/${job.id}/logs`)).json();
    expect(logs).toMatchObject({
      items: [
        { level: 'warn', message: 'attempt 1' },
        { level: 'warn', message: 'attempt 2' },
      ],
    });
  });

  it('aborts a job that is cancelled', async () => {
    let reason: unknown;
    const started = withResolvers<void>();
    await start({
      queues: [`${kind}-cancel`],
      tasks: {
        waits: async (_: unknown, { signal }: TaskContext) => {
          started.resolve();
          await once(signal, 'abort');
          reason = signal.reason;
          throw signal.reason;
        },
      },
    });
    const job = await submit({ queue: `${kind}-cancel`, task: 'waits' });
    await started.promise;
    await cancel(job);
    await expect.poll(async () => (await get(job)).status).toBe('cancelled');
    await expect.poll(() => reason).toMatchObject({ name: 'JobAborted', abortCause: 'cancelled' });
  });

  it('ends an attempt that takes too long', async () => {
    await start({
      queues: [`${kind}-timeout`],
      tasks: { waits: (_: unknown, { signal }: TaskContext) => once(signal, 'abort') },
    });
    const job = await submit({ queue: `${kind}-timeout`, task: 'waits', timeout: 300, attempts: 1 }, 60);
    expect(job).toMatchObject({ status: 'failed', error: { name: 'timeout' } });
  });

  it('lets running jobs finish when it stops, and takes no more', async () => {
    const release = withResolvers<void>();
    const started = withResolvers<void>();
    const worker = await start({
      queues: [`${kind}-stop`],
      concurrency: 1,
      tasks: {
        waits: async (_: unknown, { signal }: TaskContext) => {
          started.resolve();
          await release.promise;
          return { aborted: signal.aborted };
        },
      },
    });
    const first = await submit({ queue: `${kind}-stop`, task: 'waits' });
    await started.promise;
    const second = await submit({ queue: `${kind}-stop`, task: 'waits' });
    const stopped = worker.stop();
    // An abort would come at once.
    await sleep(100);
    release.resolve();
    await stopped;
    expect(await get(first)).toMatchObject({ status: 'completed', result: { aborted: false }, attempt: 1 });
    expect((await get(second)).status).toBe('queued');
  });

  it('gives back what does not end in time, with no attempt spent', async () => {
    const started = withResolvers<void>();
    const worker = await start({
      queues: [`${kind}-back`],
      tasks: {
        hangs: () => {
          started.resolve();
          return sleep(600_000, undefined, { ref: false });
        },
      },
    });
    const job = await submit({ queue: `${kind}-back`, task: 'hangs' });
    await started.promise;
    await worker.stop({ graceMs: 50 });
    expect((await get(job)).status).toBe('queued');
    await start({
      queues: [`${kind}-back`],
      tasks: { hangs: (_: unknown, { job: { attempt } }: TaskContext) => attempt },
    });
    await expect.poll(async () => (await get(job)).status).toBe('completed');
    expect(await get(job)).toMatchObject({ result: 1 });
  });

  it('refuses tasks with faults by their names', () => {
    const tasks = { wrong: { attempts: 0, handler: () => 1 }, apart: { thread: true, handler: () => 1 } };
    expect(() => make({ tasks })).toThrow(/wrong: attempts .*\n.*apart: has thread: true/);
    expect(() => make({ tasks: {} })).toThrow('give at least one');
  });

  it('cannot start with a folder that has no tasks, and says so', async () => {
    const worker = make({ tasks: '/nowhere' });
    const failed = new Promise((resolve) => worker.on('error', resolve));
    await expect(worker.ready).rejects.toThrow('/nowhere');
    await expect(failed).resolves.toMatchObject({ name: 'TaskLoadError' });
    await worker.stop();
  });

  it('checks payloads by the schema of a task before they are stored', async () => {
    await start({
      queues: [`${kind}-schema`],
      tasks: { sized: { input: { type: 'object', required: ['n'] }, handler: () => 1 } },
    });
    await expect(submit({ queue: `${kind}-schema`, task: 'sized', payload: {} })).rejects.toThrow('422');
  });

  it('is ready when all its queues know its tasks, although an earlier worker had others', async () => {
    // Announced one after the other, so that the last one is late.
    const queues = Array.from({ length: 16 }, (_, n) => `${kind}-others-${n}`);
    const earlier = await start({ queues, tasks: { one: () => 1 } });
    await earlier.stop();
    const input = { type: 'object', required: ['n'] };
    await start({ queues, tasks: { two: { input, handler: () => 2 } } });
    const queue = queues.at(-1);
    await expect(submit({ queue, task: 'two', payload: {} })).rejects.toThrow('invalid-payload');
    await expect(submit({ queue, task: 'two', payload: { n: 1 } }, 60)).resolves.toMatchObject({ result: 2 });
  });

  it.each([
    ['no options', undefined, `${kind} needs options with tasks`],
    ['null', null, `${kind} needs options with tasks`],
    ['no tasks', { queues: ['a'] }, 'tasks: is missing: give tasks by their names'],
    ['null for tasks', { tasks: null }, 'tasks: is null'],
    ['a number for tasks', { tasks: 5 }, 'tasks: is of type number'],
    ['null for a task', { tasks: { a: null } }, 'a: its default export is null'],
    ['a list with null', { tasks: [null] }, 'task 0: its default export is null'],
    ['a text for queues', { tasks: { a: () => 1 }, queues: 'mail' }, 'queues must be a list of names'],
    ['no queue', { tasks: { a: () => 1 }, queues: [] }, 'queues must be a list of names'],
    ['a queue that is no text', { tasks: { a: () => 1 }, queues: [null] }, 'queues must be a list of names'],
  ])('says what is wrong with %s', (_, options, text) => {
    expect(() => Reflect.apply(MAKERS[kind], undefined, [options])).toThrow(text);
  });
});
