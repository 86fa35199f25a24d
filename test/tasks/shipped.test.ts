import { getEventListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadTasks } from '../../src/tasks/load.ts';
import type { LoadedTask, TaskContext } from '../../src/tasks/types.ts';

const tasks = await loadTasks(fileURLToPath(new URL('../../workers/tasks', import.meta.url)));

function task(name: string): LoadedTask {
  const found = tasks.get(name);
  if (found === undefined) throw new Error(`${name} is not shipped`);
  return found;
}

const context = (signal: AbortSignal = new AbortController().signal): TaskContext => ({
  job: { id: 'j', queue: 'q', task: 't', attempt: 1, maxAttempts: 1, lease: 'l' },
  signal,
  progress: () => {},
  checkpoint: async () => {},
  log: () => {},
});

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

it('ships four tasks', () => {
  expect([...tasks.keys()].sort()).toEqual(['echo', 'fib', 'http-request', 'sleep']);
});

describe('fib', () => {
  const fib = task('fib');
  const value = async (n: number) => {
    const result = await fib.handler({ n }, context());
    expect(fib.validateOutput(result)).toEqual([]);
    return (result as { value: string }).value;
  };

  it('runs in a thread', () => expect(fib.thread).toBe(true));

  it('gives the first numbers', async () => {
    const numbers = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(value));
    expect(numbers.map(Number)).toEqual([0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55]);
    expect(await value(100)).toBe('354224848179261915075');
  });

  it('gives large numbers', async () => {
    const large = await value(100_000);
    expect([large.length, large.slice(0, 6), large.slice(-6)]).toEqual([20_899, '259740', '746875']);
    expect(await value(1_000_000)).toHaveLength(208_988);
  });

  it.each([-1, 1_000_001, 1.5, '10', null, undefined])('refuses n = %s', (n) => {
    expect(fib.validateInput({ n })).toHaveLength(1);
  });

  it('accepts n from 0 to a million', () => {
    expect([fib.validateInput({ n: 0 }), fib.validateInput({ n: 1_000_000 })]).toEqual([[], []]);
  });
});

describe('echo', () => {
  it.each([null, 0, 'x', [1], { a: { b: 1 } }])('returns %j', async (payload) => {
    expect(task('echo').validateInput(payload)).toEqual([]);
    expect(await task('echo').handler(payload, context())).toEqual(payload);
  });
});

describe('sleep', () => {
  const sleep = task('sleep');

  it('returns how long it slept', async () => {
    const result = await sleep.handler({ ms: 20 }, context());
    expect(sleep.validateOutput(result)).toEqual([]);
    expect((result as { sleptMs: number }).sleptMs).toBeGreaterThanOrEqual(19);
  });

  it('rejects with the reason of the signal and leaves nothing behind', async () => {
    const controller = new AbortController();
    const before = timers();
    const sleeping = sleep.handler({ ms: 86_400_000 }, context(controller.signal));
    expect(timers()).toBe(before + 1);
    const reason = new Error('cancelled');
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    expect(timers()).toBe(before);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('does not start when the signal has already fired', async () => {
    await expect(sleep.handler({ ms: 1_000 }, context(AbortSignal.abort('gone')))).rejects.toBe('gone');
  });

  it('leaves no listener after the sleep', async () => {
    const { signal } = new AbortController();
    await sleep.handler({ ms: 0 }, context(signal));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it.each([-1, 86_400_001, 0.5, '1s'])('refuses ms = %s', (ms) => {
    expect(sleep.validateInput({ ms })).toHaveLength(1);
  });
});

describe('http-request', () => {
  const http = task('http-request');

  it('refuses a private address', async () => {
    await expect(http.handler({ url: 'http://127.0.0.1:6379/' }, context())).rejects.toMatchObject({
      name: 'RequestRefused',
      retryable: false,
    });
  });

  it.each([
    ['an unknown member', { network: 'all' }, '/network'],
    ['another protocol', { url: 'file:///etc/passwd' }, '/url'],
    ['another method', { method: 'CONNECT' }, '/method'],
    ['a header name with a space', { headers: { 'a b': 'x' } }, '/headers/a b'],
    ['a header of two lines', { headers: { a: 'x\r\nb: y' } }, '/headers/a'],
    ['an endless wait', { timeoutMs: 600_001 }, '/timeoutMs'],
    ['a status that is none', { failOn: [600] }, '/failOn/0'],
    ['a class that is none', { failOn: [500, '6xx'] }, '/failOn/1'],
    ['an open range', { failOn: ['400-'] }, '/failOn/0'],
    ['a text for a list', { failOn: '5xx' }, '/failOn'],
    ['an endless body', { maxBytes: 8_388_609 }, '/maxBytes'],
  ])('refuses %s', (_, members, pointer) => {
    const faults = http.validateInput({ url: 'https://example.com/', ...members });
    expect(faults.map((fault) => fault.pointer)).toEqual([pointer]);
  });
});
