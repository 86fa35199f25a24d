import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../../src/local/redis-settings.ts';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import type { TaskContext } from '../../../src/tasks/types.ts';
import { startMillrace, type TestStack } from '../../../src/testing/test-stack.ts';
import type { ProgramWorker } from '../../../workers/embedded/program-worker.ts';
import { type HttpWorkerOptions, httpWorker } from '../../../workers/over-http/create-http-worker.ts';
import { type BreakableProxy, startProxy } from '../../helpers/api/proxy.ts';
import { submitTo } from '../../helpers/api/submit-to.ts';
import { startApiProcess } from '../../helpers/workers/built-processes.ts';

let stack: TestStack;
let proxy: BreakableProxy;
const workers: ProgramWorker[] = [];

beforeAll(async () => {
  stack = await startMillrace();
  proxy = await startProxy(stack.url);
});

afterEach(async () => {
  proxy.breakOff(false);
  await Promise.all(workers.splice(0).map((worker) => worker.stop({ graceMs: 0 })));
});

afterAll(async () => {
  await proxy.close();
  await stack.stop();
});

const { submit, get } = submitTo(() => stack.url);

function start(options: HttpWorkerOptions): { worker: ProgramWorker; errors: Error[] } {
  const worker = httpWorker({ url: proxy.url, ...options });
  workers.push(worker);
  const errors: Error[] = [];
  worker.on('error', (error) => errors.push(error));
  return { worker, errors };
}

/** Resolves when that many more requests to such a path have come to the API, or to the proxy while that is away. */
async function untilSeen(path: string, more: number): Promise<void> {
  const count = () => proxy.seen.filter((request) => request.includes(path)).length;
  const before = count();
  await expect.poll(count).toBeGreaterThanOrEqual(before + more);
}

const messagesOf = (errors: readonly Error[]) => errors.map(({ message }) => message);

it('starts while the API is away, says so once, and takes jobs once it is there', async () => {
  proxy.breakOff(true);
  const { worker, errors } = start({ queues: ['late'], tasks: { one: () => 1 } });
  await untilSeen('/leases', 3);
  proxy.breakOff(false);
  await worker.ready;
  expect(await submit({ queue: 'late', task: 'one' }, 60)).toMatchObject({ result: 1 });
  expect(messagesOf(errors)).toEqual([
    expect.stringMatching(`^${proxy.url} gives no answer \\(.*\\)\\. The worker tries again until it does$`),
  ]);
  proxy.breakOff(true);
  await expect.poll(() => errors).toHaveLength(2);
});

it('says why there is no answer', async () => {
  const { errors } = start({ url: `http://127.0.0.1:${await freePort()}`, tasks: { one: () => 1 } });
  await expect.poll(() => messagesOf(errors)).toEqual([expect.stringContaining('ECONNREFUSED')]);
  const page = createServer((_, answer) => answer.end('<html>')).listen(0, '127.0.0.1');
  await once(page, 'listening');
  const { port } = page.address() as AddressInfo;
  const other = start({ url: `http://127.0.0.1:${port}`, tasks: { one: () => 1 } });
  await expect
    .poll(() => messagesOf(other.errors))
    .toEqual([expect.stringContaining('something else than Millrace has answered')]);
  page.closeAllConnections();
  page.close();
});

const linesOf = async ({ id }: { id: string }): Promise<string[]> => {
  const answer = await fetch(`${stack.url}/jobs/${id}/logs`);
  const { items } = (await answer.json()) as { items: { message: string }[] };
  return items.map(({ message }) => message);
};

it('sends the lines of a log later that the API could not take', async () => {
  let isBack: () => void = () => undefined;
  const back = new Promise<void>((resolve) => {
    isBack = resolve;
  });
  const { worker } = start({
    queues: ['chatty'],
    tasks: {
      chatty: async (_: unknown, { log, progress }: TaskContext) => {
        proxy.breakOff(true);
        for (const line of ['one', 'two']) log(line);
        await untilSeen('/log', 2);
        progress({ step: 3 });
        log('three');
        await back;
        log('four');
        proxy.breakOff(true);
      },
    },
  });
  await worker.ready;
  const job = await submit({ queue: 'chatty', task: 'chatty' });
  await untilSeen('/log', 3);
  proxy.breakOff(false);
  await expect.poll(async () => (await linesOf(job)).length).toBe(3);
  await expect.poll(async () => (await get(job)).progress).toEqual({ step: 3 });
  isBack();
  // The outcome waits for the last line.
  await untilSeen('/log', 2);
  proxy.breakOff(false);
  await expect.poll(async () => (await get(job)).status).toBe('completed');
  expect(await linesOf(job)).toEqual(['one', 'two', 'three', 'four']);
});

it('stops in time with lines and a checkpoint that the API does not take', async () => {
  const { worker } = start({
    queues: ['stops'],
    tasks: {
      stops: async (_: unknown, { log, checkpoint }: TaskContext) => {
        proxy.breakOff(true);
        log('one');
        await checkpoint({ page: 1 });
      },
    },
  });
  await worker.ready;
  const job = await submit({ queue: 'stops', task: 'stops' });
  await untilSeen('/checkpoint', 2);
  await worker.stop({ graceMs: 0 });
  proxy.breakOff(false);
  expect(await get(job)).toMatchObject({ status: 'running' });
});

it('tells the outcome of a job later when the API was away at its end', async () => {
  let starts = 0;
  const { worker, errors } = start({
    queues: ['away'],
    tasks: {
      breaks: () => {
        starts += 1;
        proxy.breakOff(true);
        return 'kept';
      },
    },
  });
  await worker.ready;
  const job = await submit({ queue: 'away', task: 'breaks' });
  await untilSeen('/complete', 2);
  proxy.breakOff(false);
  await expect.poll(async () => (await get(job)).status).toBe('completed');
  expect(messagesOf(errors)).toHaveLength(1);
  expect(await get(job)).toMatchObject({ result: 'kept', attempt: 1 });
  expect(starts).toBe(1);
});

it('stops the work of a lease that it has lost, and leaves the job to the other worker', async () => {
  let reason: unknown;
  const hold = async (_: unknown, { signal, job }: TaskContext) => {
    if (job.attempt > 1) return 'of the second worker';
    proxy.breakOff(true);
    await once(signal, 'abort');
    reason = signal.reason;
    return 'of the first worker';
  };
  const { worker } = start({ queues: ['lost'], leaseMs: 1_000, tasks: { hold } });
  await worker.ready;
  const job = await submit({ queue: 'lost', task: 'hold' });
  await expect.poll(async () => (await get(job)).status).toBe('running');
  const other = httpWorker({ url: stack.url, queues: ['lost'], tasks: { hold } });
  workers.push(other);
  await expect.poll(async () => (await get(job)).status).toBe('completed');
  proxy.breakOff(false);
  await expect.poll(() => reason).toMatchObject({ abortCause: 'lease-lost' });
  expect(await get(job)).toMatchObject({ result: 'of the second worker', attempt: 2 });
});

it('stops at once while it waits for jobs', async () => {
  const { worker } = start({ queues: ['idle'], tasks: { one: () => 1 } });
  await worker.ready;
  const polls = () => proxy.seen.filter((request) => request === 'POST /leases').length;
  const before = polls();
  await expect.poll(polls).toBeGreaterThan(before);
  const stopped = once(new EventTarget(), 'never', { signal: AbortSignal.timeout(10_000) }).catch(
    () => 'late',
  );
  expect(await Promise.race([worker.stop().then(() => 'stopped'), stopped])).toBe('stopped');
});

it('keeps jobs back that its schema refuses, without spending an attempt', async () => {
  // A key that may only work cannot announce the schema; here the API accepts all, since another worker takes every task.
  const lenient = httpWorker({ url: stack.url, queues: ['mixed'], tasks: { sized: () => 'lenient' } });
  workers.push(lenient);
  await lenient.ready;
  const { worker } = start({
    queues: ['mixed'],
    tasks: { sized: { input: { type: 'object', required: ['n'] }, handler: () => 'strict' } },
  });
  await worker.ready;
  const job = await submit({ queue: 'mixed', task: 'sized', payload: {}, attempts: 1 });
  await expect.poll(async () => (await get(job)).status).toBe('completed');
  expect(await get(job)).toMatchObject({ result: 'lenient', attempt: 1 });
});

it('refuses options that are wrong', () => {
  const tasks = { one: () => 1 };
  expect(() => httpWorker({ url: 'ftp://x', tasks })).toThrow('MILLRACE_URL');
  expect(() => httpWorker({ tasks, concurrency: 0 })).toThrow('concurrency is 0: must be an integer from 1');
  expect(() => httpWorker({ tasks, leaseMs: 5 })).toThrow('leaseMs is 5');
});

it('stops its jobs by itself when the API is silent for as long as the lease lasts, and goes on later', async () => {
  const reaper = createOrphanReaper();
  const api = await startApiProcess(stack.redisUrl, reaper);
  let hasBegun = false;
  let reason: unknown;
  const hold = async (_: unknown, { signal, job }: TaskContext) => {
    if (job.attempt > 1) return 'of the second attempt';
    hasBegun = true;
    await once(signal, 'abort');
    reason = signal.reason;
    return 'of the first attempt';
  };
  const { errors } = start({ url: api.origin, queues: ['silent'], leaseMs: 2_000, tasks: { hold } });
  const job = await submit({ queue: 'silent', task: 'hold' });
  await expect.poll(() => hasBegun).toBe(true);
  api.child.signal('SIGSTOP');
  await expect.poll(() => reason).toMatchObject({ abortCause: 'lease-lost' });
  expect(errors.map(({ message }) => message)).toContainEqual(expect.stringContaining('The API was silent'));
  api.child.signal('SIGCONT');
  await expect.poll(async () => (await get(job)).status).toBe('completed');
  expect(await get(job)).toMatchObject({ result: 'of the second attempt', attempt: 2 });
  await Promise.all(workers.splice(0).map((worker) => worker.stop({ graceMs: 0 })));
  await api.stop();
  reaper.end();
});

it('keeps a lease for longer than it lasts while the API answers', async () => {
  let isAborted = false;
  const { worker } = start({
    queues: ['renewed'],
    leaseMs: 1_000,
    tasks: {
      lasting: async (_: unknown, { signal }: TaskContext) => {
        await sleep(2_500);
        isAborted = signal.aborted;
        return 'kept';
      },
    },
  });
  await worker.ready;
  expect(await submit({ queue: 'renewed', task: 'lasting' }, 60)).toMatchObject({
    result: 'kept',
    attempt: 1,
  });
  expect(isAborted).toBe(false);
});
