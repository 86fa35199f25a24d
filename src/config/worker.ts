import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isNameOrPattern } from '../schemas/values/queue-patterns.ts';
import { integer, type SettingsOf } from './setting-kinds.ts';

function parseQueues(value: string): readonly string[] | undefined {
  const names = value.split(',').map((name) => name.trim());
  const valid = names.every(isNameOrPattern) && new Set(names).size === names.length;
  return valid ? names : undefined;
}

/** From this file's compiled form: `dist/src/config/worker.js` -> `dist/workers/tasks`. */
const shippedTasks = () => fileURLToPath(new URL('../../workers/tasks', import.meta.url));

/** What a worker serves, and how. */
export interface WorkerSettings {
  readonly queues: readonly string[];
  readonly tasksDir: string;
  readonly processes: number;
  readonly concurrency: number;
  readonly leaseMs: number;
}

export const WORKER_SETTINGS: SettingsOf<WorkerSettings> = {
  queues: {
    variable: 'QUEUES',
    usedBy: 'worker',
    meaning:
      'The queues that this worker serves. `*` stands for any characters, as in `img-*` or `*`: the worker also serves queues that come later, within some 2 s of their first job. At most 1,000 queues.',
    fallback: () => ['default'],
    expected: 'different queue names or patterns, comma separated',
    example: 'default,img-*',
    parse: parseQueues,
  },
  tasksDir: {
    variable: 'TASKS_DIR',
    usedBy: 'worker',
    meaning: 'Folder of the task modules.',
    fallback: shippedTasks,
    fallbackText: 'the shipped tasks',
    expected: 'a folder',
    example: './tasks',
    parse: (value) => value,
  },
  processes: integer({
    variable: 'PROCESSES',
    usedBy: 'worker',
    meaning: 'Processes that run jobs, beside the parent process that looks after them.',
    fallback: availableParallelism,
    fallbackText: 'number of cores',
    min: 1,
    max: 256,
    example: 4,
  }),
  concurrency: integer({
    variable: 'CONCURRENCY',
    usedBy: 'worker',
    meaning: 'Jobs that each process runs at a time.',
    fallback: 10,
    min: 1,
    max: 10_000,
    example: 10,
  }),
  leaseMs: integer({
    variable: 'LEASE_MS',
    usedBy: 'worker',
    meaning: 'A worker that is silent for this long loses its jobs: other workers run them.',
    fallback: 15_000,
    min: 1_000,
    max: 3_600_000,
    example: 15_000,
  }),
};
