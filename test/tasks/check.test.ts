import { describe, expect, it } from 'vitest';
import { checkTask, reasonOf } from '../../src/tasks/check.ts';

const handler = () => 1;
const faultsOf = (exported: unknown, file = '/tasks/a.mjs'): string[] => {
  const checked = checkTask(file, exported);
  return checked.ok ? [] : checked.faults.map(reasonOf);
};
const taskOf = (exported: unknown) => {
  const checked = checkTask('/tasks/a.mjs', exported);
  if (!checked.ok) throw new Error(checked.faults.map(reasonOf).join());
  return checked.task;
};

describe('a task', () => {
  it('can be a function, named after its file', () => {
    expect(taskOf(handler)).toMatchObject({ name: 'a', file: '/tasks/a.mjs', handler, thread: false });
  });

  it('has its durations in milliseconds', () => {
    const backoff = { type: 'fixed', delay: '1s', max: 5_000 };
    expect(taskOf({ handler, name: 'img:resize', timeoutMs: '2m', backoff, thread: true })).toMatchObject({
      name: 'img:resize',
      thread: true,
      timeoutMs: 120_000,
      backoff: { type: 'fixed', delay: 1_000, max: 5_000 },
    });
  });

  it('checks payload and result, where undefined counts as null', () => {
    const task = taskOf({ handler, input: { type: 'string' }, output: { type: 'null' } });
    expect(task.validateInput(1)).toEqual([{ pointer: '', detail: 'must be string' }]);
    expect(task.validateOutput(undefined)).toEqual([]);
    expect(taskOf(handler).validateInput(1)).toEqual([]);
  });

  it.each([
    ['no default export', undefined, /^has no default export/],
    ['null', null, /^its default export is null/],
    ['an array', [], /^its default export is an array/],
    ['a number', 7, /^its default export is of type number/],
    ['a class', class {}, /^its default export is a class/],
    ['a generator', function* () {}, /^its default export is a generator function/],
    ['an async generator', { handler: async function* () {} }, /^handler is a generator function/],
    ['a class as its handler', { handler: class {} }, /^handler is a class/],
    ['no handler', {}, /^handler is missing, not a function$/],
    ['a bad name', { handler, name: 'a b' }, /^name does not have the right form\. /],
    ['bad attempts', { handler, attempts: 0 }, /^attempts must be >= 1$/],
    ['a nested fault', { handler, backoff: { type: 'fixed', delay: -1 } }, /^backoff\.delay must be >= 0$/],
    ['a timeout beyond the limit', { handler, timeoutMs: '25d' }, /^timeoutMs must be <= 2073600000 ms$/],
    ['a bad schema', { handler, input: { type: 'nonsense' } }, /^input is not a JSON Schema: /],
    ['a schema that is no JSON', { handler, output: { maximum: 1n } }, /^output cannot be written as JSON$/],
  ])('is refused with %s', (_, exported, reason) => {
    expect(faultsOf(exported)).toEqual([expect.stringMatching(reason)]);
  });

  it('is refused when its file name is no task name', () => {
    expect(faultsOf(handler, '/tasks/a b.mjs')).toEqual([expect.stringMatching(/^name does not have/)]);
  });

  it('is refused with all its faults at once', () => {
    expect(faultsOf({ attempts: 0, retries: 1 })).toHaveLength(3);
  });
});
