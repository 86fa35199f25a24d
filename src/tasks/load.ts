import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { reasonsOf, summaryOf } from '../error-reasons.ts';
import { type CheckedTask, checkTask, reasonOf } from './check.ts';
import { importDefault } from './import.ts';
import type { LoadedTask, TaskAnnouncement } from './types.ts';

/** Why a file, or the folder itself, cannot be loaded. */
export interface TaskFault {
  /** Absolute path. */
  readonly file: string;
  readonly reason: string;
}

/** Lists every fault of every task module. */
export class TaskLoadError extends Error {
  override readonly name = 'TaskLoadError';
  readonly faults: readonly TaskFault[];

  constructor(faults: readonly TaskFault[]) {
    super(
      `Tasks cannot be loaded:\n${faults.map(({ file, reason }) => `  - ${file}: ${reason}`).join('\n')}`,
    );
    this.faults = faults;
  }
}

const IS_MODULE = /^[^._].*\.(js|mjs|ts|mts)$/;
const IS_NO_TASK = /\.(d|test)\.(js|mjs|ts|mts)$/;

/**
 * Loads every task module (`.js`, `.mjs`, `.ts`, `.mts`) of the folder, by task name. Skips files that start with `_` or `.`,
 * tests (`*.test.*`), declarations and sub-folders.
 *
 * @throws {TaskLoadError} with every file that cannot be loaded; also for a missing or empty folder.
 */
export async function loadTasks(dir: string): Promise<ReadonlyMap<string, LoadedTask>> {
  const folder = resolve(dir);
  const files = await moduleFiles(folder);
  if (files.length === 0) {
    throw new TaskLoadError([{ file: folder, reason: 'has no task module (.js, .mjs, .ts or .mts)' }]);
  }
  const loaded = await Promise.all(files.map(async (file) => ({ file, checked: await importTask(file) })));
  const faults: TaskFault[] = [];
  const tasks = new Map<string, LoadedTask>();
  for (const { file, checked } of loaded) {
    const reasons = checked.ok ? nameClash(checked.task, tasks) : checked.faults.map(reasonOf);
    faults.push(...reasons.map((reason) => ({ file, reason })));
    if (checked.ok && reasons.length === 0) tasks.set(checked.task.name, checked.task);
  }
  if (faults.length > 0) throw new TaskLoadError(faults);
  return tasks;
}

/**
 * Loads one task module. A worker thread calls it with `LoadedTask.file`.
 *
 * @throws {TaskLoadError} with every fault of the module.
 */
export async function loadTask(path: string): Promise<LoadedTask> {
  const file = resolve(path);
  const checked = await importTask(file);
  if (checked.ok) return checked.task;
  throw new TaskLoadError(checked.faults.map((fault) => ({ file, reason: reasonOf(fault) })));
}

/** The announcement of a task: plain JSON, durations in milliseconds. */
export function toAnnouncement(task: LoadedTask): TaskAnnouncement {
  const { name, input, output, attempts, backoff, timeoutMs } = task;
  return {
    name,
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    ...(attempts === undefined ? {} : { attempts }),
    ...(backoff === undefined ? {} : { backoff }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

function nameClash(task: LoadedTask, tasks: ReadonlyMap<string, LoadedTask>): string[] {
  const other = tasks.get(task.name);
  return other === undefined ? [] : [`has the same task name, "${task.name}", as ${other.file}`];
}

async function moduleFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new TaskLoadError([{ file: folder, reason: `is not a readable folder (${describeError(cause)})` }]);
  });
  const candidates = entries.filter(({ name }) => IS_MODULE.test(name) && !IS_NO_TASK.test(name));
  const names = await Promise.all(
    candidates.map(async (entry) => ((await isFile(folder, entry)) ? entry.name : '')),
  );
  return names
    .filter((name) => name !== '')
    .sort()
    .map((name) => join(folder, name));
}

/** Follows symbolic links, which a mounted ConfigMap uses. Accepts a dangling link: its import reports the fault. */
async function isFile(folder: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  return stat(join(folder, entry.name)).then(
    (target) => target.isFile(),
    () => true,
  );
}

async function importTask(file: string): Promise<CheckedTask> {
  try {
    return checkTask(file, await importDefault(file));
  } catch (error) {
    return { ok: false, faults: [{ pointer: '', detail: `fails on import: ${describeError(error)}` }] };
  }
}

/** With the messages of its causes: they often say what is really wrong. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message } = error;
  return `${name}: ${summaryOf({ message, ...reasonsOf(error) })}`;
}
