import { checkTask, kindOf, reasonOf } from './check.ts';
import { TaskLoadError } from './load.ts';
import type { LoadedTask, TaskModule } from './types.ts';

/** Tasks of a program: by their names, or a list of definitions that have one. */
export type GivenTasks =
  | Readonly<Record<string, TaskModule<never, unknown>>>
  | readonly (TaskModule<never, unknown> & { readonly name: string })[];

/**
 * Checks and compiles tasks that are values, not files.
 *
 * @throws {TaskLoadError} with every fault of every task.
 */
export function loadGiven(given: GivenTasks): ReadonlyMap<string, LoadedTask> {
  // A program without types can give anything.
  if (typeof given !== 'object' || given === null) {
    const reason = `is ${kindOf(given)}: give tasks by their names, a list of named ones, or the path of a folder`;
    throw new TaskLoadError([{ file: 'tasks', reason }]);
  }
  const named = Array.isArray(given)
    ? given.map((task: { readonly name?: string }, i): [string, unknown] => [task?.name ?? `task ${i}`, task])
    : Object.entries(given);
  const tasks = new Map<string, LoadedTask>();
  const faults = named.flatMap(([name, task]) => {
    const checked = checkTask(name, withName(name, task));
    const reasons = checked.ok ? reasonsAgainst(checked.task, tasks) : checked.faults.map(reasonOf);
    if (checked.ok) tasks.set(checked.task.name, checked.task);
    return reasons.map((reason) => ({ file: name, reason }));
  });
  if (named.length === 0) faults.push({ file: 'tasks', reason: 'has no task: give at least one' });
  if (faults.length > 0) throw new TaskLoadError(faults);
  return tasks;
}

/** A name such as `mail.send` is no file with an extension. */
function withName(name: string, task: unknown): unknown {
  if (typeof task === 'function') return { name, handler: task };
  return typeof task === 'object' && task !== null ? { name, ...task } : task;
}

function reasonsAgainst(task: LoadedTask, others: ReadonlyMap<string, LoadedTask>): string[] {
  return [
    ...(others.has(task.name) ? [`has the same task name, "${task.name}", as another one`] : []),
    ...(task.thread ? ['has thread: true, which needs a task file: a thread loads that again'] : []),
  ];
}
