import { describe, expect, it } from 'vitest';
import { defineTask } from '../../src/tasks/define.ts';
import { type GivenTasks, loadGiven } from '../../src/tasks/given.ts';

const faultsOf = (given: GivenTasks): string => {
  try {
    loadGiven(given);
    return '';
  } catch (error) {
    return String(error);
  }
};

describe('loadGiven', () => {
  it('takes functions and definitions by their names', () => {
    const tasks = loadGiven({ 'mail.send': () => 1, double: { attempts: 2, handler: (n: number) => 2 * n } });
    expect([...tasks.keys()]).toEqual(['mail.send', 'double']);
    expect(tasks.get('double')).toMatchObject({ name: 'double', attempts: 2 });
  });

  it('takes a list of definitions with names', () => {
    const greet = defineTask({ name: 'greet', handler: ({ name }: { name: string }) => `Hello ${name}` });
    expect([...loadGiven([greet]).keys()]).toEqual(['greet']);
  });

  it('lets the name of a definition win over its key', () => {
    expect([...loadGiven({ greet2: { name: 'greet', handler: () => 1 } }).keys()]).toEqual(['greet']);
  });

  it('names every fault of every task', () => {
    const twice = { a: { name: 'b', handler: () => 1 }, b: () => 2 };
    expect(faultsOf(twice)).toContain('b: has the same task name, "b", as another one');
    expect(faultsOf({ t: { thread: true, handler: () => 1 } })).toContain('t: has thread: true');
    expect(faultsOf({})).toContain('give at least one');
  });
});
