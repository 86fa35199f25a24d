import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startMillrace, type TestStack } from '../../../src/testing/test-stack.ts';
import type { ProgramWorker } from '../../../workers/embedded/program-worker.ts';
import { httpWorker } from '../../../workers/over-http/create-http-worker.ts';
import { json, problem, type Reply, useStubService } from '../../client/http/stub-service.ts';
import { makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { type BreakableProxy, startProxy } from '../../helpers/api/proxy.ts';

let stack: TestStack;
let proxy: BreakableProxy;
const stub = useStubService();
const workers: ProgramWorker[] = [];

beforeAll(async () => {
  stack = await startMillrace({ settings: WITH_KEYS });
  proxy = await startProxy(stack.url);
});

afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.stop({ graceMs: 0 }))));

afterAll(async () => {
  await proxy.close();
  await stack.stop();
});

function start(url: string, key: string) {
  const worker = httpWorker({ url, key, tasks: { one: () => 1 } });
  workers.push(worker);
  const errors: string[] = [];
  const told: string[] = [];
  worker.on('error', ({ message }) => errors.push(message));
  worker.on('ready', () => told.push('ready')).on('stopped', () => told.push('stopped'));
  return { worker, errors, told };
}

const ADVICE = 'Set key or MILLRACE_KEY to a key with the scope "work" for its queues.';

it.each([
  ['no key', async () => '', 'The API answered 401 (unauthorized): The request needs a valid key.'],
  ['a wrong key', async () => 'a-wrong-key', 'The API answered 401 (unauthorized): The request needs'],
  [
    'a key that may not work',
    async () => (await makeKey(stack.url, ['submit'])).key,
    'The API answered 403 (forbidden): The key ',
  ],
])('says at the start that the API does not take %s, once, and can be stopped', async (_, keyOf, text) => {
  const { worker, errors, told } = start(proxy.url, await keyOf());
  const message = expect.stringContaining(text);
  await expect(worker.ready).rejects.toMatchObject({ message });
  await expect(worker.ready).rejects.toThrow(ADVICE);
  const takes = () => proxy.seen.filter((request) => request === 'POST /leases').length;
  const before = takes();
  await expect.poll(takes).toBeGreaterThan(before + 2);
  await worker.stop();
  expect(errors).toEqual([message]);
  expect(told).toEqual(['stopped']);
});

it('tells each outage of its key once, and goes on when the key counts again', async () => {
  const served: Reply = (response, request) => {
    const body = { name: 'one', lease: 'l', jobs: [] };
    setTimeout(() => json(200, body)(response, request), 20);
  };
  stub.reply(problem(401, 'unauthorized'));
  const { errors, told } = start(stub.origin, 'a-key');
  const untilAsked = async (more: number) => {
    const before = stub.requests.length;
    await expect.poll(() => stub.requests.length).toBeGreaterThan(before + more);
  };
  await untilAsked(4);
  expect(errors).toHaveLength(1);
  stub.reply(served);
  await expect.poll(() => told).toEqual(['ready']);
  await untilAsked(3);
  stub.reply(problem(403, 'forbidden'), problem(429, 'rate-limited'), problem(403, 'forbidden'));
  await untilAsked(3);
  stub.reply(served);
  await untilAsked(3);
  expect(errors).toEqual([
    expect.stringContaining('The API answered 401 (unauthorized): it is unauthorized'),
    expect.stringContaining('The API answered 403 (forbidden): it is forbidden'),
  ]);
});
