import type { Clock } from '../clock.ts';
import type { Connection } from '../redis/connection.ts';
import type { TaskDefaults } from '../redis/entry-options.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { QueueCache } from '../redis/queue-cache.ts';
import type { JsonText } from '../schemas/json/json-text.ts';
import type { Fault } from '../schemas/problem.ts';
import { compileSchema } from '../schemas/validation/compile.ts';
import { readAnnouncements } from './announcements.ts';
import type { TaskAnnouncement } from './types.ts';

/** The tasks that the workers of a queue have announced. */
export interface AnnouncedTasks {
  /** True when no worker has announced a task: the queue then accepts every task. */
  readonly isEmpty: boolean;
  readonly names: readonly string[];
  has(task: string): boolean;
  defaults(task: string): TaskDefaults | undefined;
  /** Empty when the payload matches the task's input schema, or when there is no schema. */
  checkPayload(task: string, payload: JsonText): Fault[];
  /** Empty when the result matches the task's output schema, or when there is no schema. */
  checkResult(task: string, result: JsonText): Fault[];
}

interface Cached {
  /** The announcements as JSON, to detect a change. */
  readonly source: string;
  readonly tasks: AnnouncedTasks;
}

/**
 * The announced tasks of every queue, read from Redis at most two seconds ago. A caller that is about to refuse a job
 * reads them again with `refresh`, because a worker may have started a moment ago.
 */
export class TaskDirectory {
  readonly #cache: QueueCache<Cached>;

  constructor(redis: Connection, clock: Clock) {
    this.#cache = new QueueCache(clock, async (keys, previous) => {
      const tasks = await readAnnouncements(redis, keys, clock.wall());
      const source = JSON.stringify(tasks);
      return previous?.source === source ? previous : { source, tasks: indexTasks(tasks) };
    });
  }

  /** The tasks of the queue, at most two seconds old; without a promise when they are cached. */
  announced(keys: QueueKeys): AnnouncedTasks | Promise<AnnouncedTasks> {
    const cached = this.#cache.get(keys);
    return cached instanceof Promise ? cached.then(({ tasks }) => tasks) : cached.tasks;
  }

  /** Reads the announcements now. Concurrent callers share one read. */
  async refresh(keys: QueueKeys): Promise<AnnouncedTasks> {
    return (await this.#cache.refresh(keys)).tasks;
  }

  /** The defaults of a task, if they are cached. */
  readonly defaultsOf = (queue: string, task: string): TaskDefaults | undefined =>
    this.#cache.peek(queue)?.tasks.defaults(task);
}

function indexTasks(tasks: readonly TaskAnnouncement[]): AnnouncedTasks {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const checkerOf = (member: 'input' | 'output', base: string) => {
    const compiled = new Map<string, (json: JsonText) => Fault[]>();
    return (task: string, json: JsonText): Fault[] => {
      const announced = byName.get(task);
      if (announced === undefined) return [];
      const check = compiled.get(task) ?? compileCheck(announced[member], base);
      compiled.set(task, check);
      return check(json);
    };
  };
  return {
    isEmpty: byName.size === 0,
    names: [...byName.keys()].sort(),
    has: (task) => byName.has(task),
    defaults: (task) => byName.get(task),
    checkPayload: checkerOf('input', '/payload'),
    checkResult: checkerOf('output', '/result'),
  };
}

/** Only a schema asks for the parsed value. */
function compileCheck(source: TaskAnnouncement['input'], base: string): (json: JsonText) => Fault[] {
  const schema = source === undefined ? undefined : compileSchema(source);
  // A schema that this process cannot compile is left to the worker, which could.
  return schema?.ok ? (json) => schema.check(json.parse(), base) : () => [];
}
