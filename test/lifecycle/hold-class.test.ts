import { describe, expect, it } from 'vitest';
import { type Ability, canRun, HELD_MEMBER, refOfHeld, taskReason } from '../../src/lifecycle/hold-class.ts';

const worker = (tasks: readonly string[] | undefined, ...schemas: string[]): Ability => ({
  tasks,
  schemasOf: () => schemas,
});

describe('a worker can run a class', () => {
  it.each([
    ['of a task that it has', ['a'], ['v1'], 'task:a\n', true],
    ['of a task that it lacks', ['b'], ['v1'], 'task:a\n', false],
    ['of any task, if it takes all', undefined, [], 'task:a\nv1,v2', true],
    ['that its schema has refused', ['a'], ['v1'], 'task:a\nv0,v1', false],
    ['that one of its schemas has not refused', ['a'], ['v1', 'v2'], 'task:a\nv1', true],
    ['that others have refused, if it has no schema', ['a'], [''], 'task:a\nv1', true],
    ['that is held for another reason', undefined, [], 'rate:a\n', false],
    ['that is no class', undefined, [], 'task:a', false],
  ] as const)('%s', (_, tasks, schemas, holdClass, expected) => {
    expect(canRun(worker(tasks, ...schemas), holdClass)).toBe(expected);
  });
});

it('the name in a class has no line breaks and is not long, whatever an entry holds', () => {
  expect(taskReason('a\nb\0c d')).toBe('task:a_b_c_d');
  expect(taskReason('x'.repeat(1_000))).toBe(`task:${'x'.repeat(200)}…`);
  // It is never cut within a character: others would not be able to read it.
  expect(taskReason(`${'x'.repeat(199)}😀y`)).toBe(`task:${'x'.repeat(199)}…`);
});

it('a member ends with the ref of its job', () => {
  const member = 'task:a\nv1,v2\n311795920866385 n1795920866385-12';
  expect(member).toMatch(HELD_MEMBER);
  expect(refOfHeld(member)).toBe('n1795920866385-12');
});
