import type { Clock } from '../clock.ts';
import type { Connection } from '../redis/connection.ts';
import type { TaskDefaults } from '../redis/entry-options.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { QueueCache } from '../redis/queue-cache.ts';
import type { Fault } from '../schemas/problem.ts';
import { compileSchema } from '../schemas/validation/compile.ts';
import { readAnnouncements } from './announcements.ts';
import type { TaskAnnouncement } from './types.ts';

/** The tasks that workers have announced for a queue. */
export interface KnownTasks {
  /** False when no worker has announced tasks for the queue: it then takes anything. */
  readonly announced: boolean;
  readonly names: readonly string[];
  has(task: string): boolean;
  defaults(task: string): TaskDefaults | undefined;
  /** Empty when the payload fits the task's input schema, or when there is none. */
  checkPayload(task: string, payload: unknown): Fault[];
  /** Empty when the result fits the task's output schema, or when there is none. */
  checkResult(task: string, result: unknown): Fault[];
}

interface Reading {
  /** The announcements as JSON, to see whether they have changed. */
  readonly source: string;
  readonly known: KnownTasks;
}

/**
 * The announced tasks of all queues, as this process last read them, at most two seconds ago. Before a job is
 * refused, the caller reads again with `refresh`: a worker may just have come.
 */
export class TaskDirectory {
  readonly #cache: QueueCache<Reading>;

  constructor(redis: Connection, clock: Clock) {
    this.#cache = new QueueCache(clock, async (keys, previous) => {
      const tasks = await readAnnouncements(redis, keys, clock.wall());
      const source = JSON.stringify(tasks);
      return previous?.source === source ? previous : { source, known: index(tasks) };
    });
  }

  /** The tasks of the queue, at most two seconds old; at once if they were read before. */
  known(keys: QueueKeys): KnownTasks | Promise<KnownTasks> {
    const reading = this.#cache.get(keys);
    return reading instanceof Promise ? reading.then(({ known }) => known) : reading.known;
  }

  /** Reads the announcements now; requests at the same time share one reading. */
  async refresh(keys: QueueKeys): Promise<KnownTasks> {
    return (await this.#cache.refresh(keys)).known;
  }

  /** Defaults of a task as far as they are cached. */
  readonly defaultsOf = (queue: string, task: string): TaskDefaults | undefined =>
    this.#cache.peek(queue)?.known.defaults(task);
}

function index(tasks: readonly TaskAnnouncement[]): KnownTasks {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const checkerOf = (member: 'input' | 'output', base: string) => {
    const compiled = new Map<string, (value: unknown) => Fault[]>();
    return (task: string, value: unknown): Fault[] => {
      const known = byName.get(task);
      if (known === undefined) return [];
      const check = compiled.get(task) ?? compileCheck(known[member], base);
      compiled.set(task, check);
      return check(value);
    };
  };
  return {
    announced: byName.size > 0,
    names: [...byName.keys()].sort(),
    has: (task) => byName.has(task),
    defaults: (task) => byName.get(task),
    checkPayload: checkerOf('input', '/payload'),
    checkResult: checkerOf('output', '/result'),
  };
}

function compileCheck(source: TaskAnnouncement['input'], base: string): (value: unknown) => Fault[] {
  const schema = source === undefined ? undefined : compileSchema(source);
  // A schema that the worker could compile and this process cannot is left to the worker.
  return schema?.ok ? (value) => schema.check(value, base) : () => [];
}
