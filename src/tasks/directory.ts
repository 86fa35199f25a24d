import type { Clock } from '../clock.ts';
import type { Connection } from '../redis/connect.ts';
import type { TaskDefaults } from '../redis/entry.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { isLimited } from '../redis/scripts/limit.ts';
import { compileSchema } from '../schemas/compile.ts';
import type { Fault } from '../schemas/problem.ts';
import { readAnnouncements } from './announce.ts';
import type { TaskAnnouncement } from './types.ts';

/** What the workers of a queue know. */
export interface KnownTasks {
  /** False when no worker has announced tasks for the queue: it then takes anything. */
  readonly announced: boolean;
  /** Whether the queue may hold only so many jobs; every submit then asks for room. */
  readonly limited: boolean;
  readonly names: readonly string[];
  has(task: string): boolean;
  defaults(task: string): TaskDefaults | undefined;
  /** Empty when the payload fits the task's input schema, or when there is none. */
  checkPayload(task: string, payload: unknown): Fault[];
  /** Empty when the result fits the task's output schema, or when there is none. */
  checkResult(task: string, result: unknown): Fault[];
}

interface Cached {
  readonly source: string;
  readonly known: KnownTasks;
  readAt: number;
}

const FRESH_MS = 2_000;
const CACHED_QUEUES = 1_000;

/**
 * The announcements of all queues, and whether they are limited, as the API last read them. A reading
 * serves for two seconds; before a job is refused, the caller reads anew with `refresh`.
 */
export class TaskDirectory {
  readonly #redis: Connection;
  readonly #clock: Clock;
  readonly #cache = new Map<string, Cached>();
  readonly #reading = new Map<string, Promise<KnownTasks>>();

  constructor(redis: Connection, clock: Clock) {
    this.#redis = redis;
    this.#clock = clock;
  }

  /** What is known of the queue, at most two seconds old; at once if it was read before. */
  known(keys: QueueKeys): KnownTasks | Promise<KnownTasks> {
    const cached = this.#cache.get(keys.queue);
    if (cached === undefined) return this.refresh(keys);
    return this.#clock.monotonic() - cached.readAt > FRESH_MS ? this.refresh(keys) : cached.known;
  }

  /** Reads the announcements now; requests at the same time share one reading. */
  refresh(keys: QueueKeys): Promise<KnownTasks> {
    const reading = this.#reading.get(keys.queue) ?? this.#read(keys);
    this.#reading.set(keys.queue, reading);
    return reading;
  }

  /** Defaults of a task as far as they are cached. */
  readonly defaultsOf = (queue: string, task: string): TaskDefaults | undefined =>
    this.#cache.get(queue)?.known.defaults(task);

  async #read(keys: QueueKeys): Promise<KnownTasks> {
    try {
      const [tasks, limited] = await Promise.all([
        readAnnouncements(this.#redis, keys, this.#clock.wall()),
        isLimited(this.#redis, keys),
      ]);
      const source = JSON.stringify([tasks, limited]);
      const cached = this.#cache.get(keys.queue);
      const known = cached?.source === source ? cached.known : index(tasks, limited);
      if (this.#cache.size >= CACHED_QUEUES) this.#cache.clear();
      this.#cache.set(keys.queue, { source, known, readAt: this.#clock.monotonic() });
      return known;
    } finally {
      this.#reading.delete(keys.queue);
    }
  }
}

function index(tasks: readonly TaskAnnouncement[], limited: boolean): KnownTasks {
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
    limited,
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
