import type { Clock } from '../clock.ts';
import type { Observer } from '../observer.ts';
import type { Connection } from '../redis/connection.ts';
import type { TaskDefaults } from '../redis/entry-options.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { QueueCache } from '../redis/queue-cache.ts';
import { timeAt } from '../redis/server-time.ts';
import { isLive, readAnnouncements } from './announcements.ts';
import { SchemaChecks } from './checks/schema-checks.ts';
import { type AnnouncedTasks, type KnownTask, knownTasks } from './known-tasks.ts';

export type { AnnouncedTasks } from './known-tasks.ts';

interface Cached {
  /** What is known as JSON, to detect a change. */
  readonly source: string;
  readonly tasks: AnnouncedTasks;
}

/**
 * The announced tasks of every queue, read from Redis at most two seconds ago. A caller that is about to refuse a job
 * reads them again with `refresh`, because a worker may have started a moment ago.
 */
export class TaskDirectory {
  readonly checks: SchemaChecks;
  readonly #cache: QueueCache<Cached>;

  constructor(redis: Connection, clock: Clock, observe?: Observer) {
    this.checks = new SchemaChecks(clock, observe);
    this.#cache = new QueueCache(clock, async (keys, previous) => {
      const now = await timeAt(redis, keys.tasks);
      const { tasks, hasTakerOfAll } = await readAnnouncements(redis, keys, now);
      const known = tasks.map(
        ({ at, since: _, liveMs, ...task }): KnownTask => ({ ...task, isLive: isLive({ at, liveMs }, now) }),
      );
      const source = JSON.stringify([hasTakerOfAll, known]);
      if (previous?.source === source) return previous;
      return { source, tasks: knownTasks({ queue: keys.queue, tasks: known, hasTakerOfAll }, this.checks) };
    });
  }

  /**
   * The tasks of the queue, at most two seconds old; without a promise when they are cached.
   *
   * @param now the monotonic time, for who has read it.
   */
  announced(keys: QueueKeys, now?: number): AnnouncedTasks | Promise<AnnouncedTasks> {
    const cached = this.#cache.get(keys, now);
    return cached instanceof Promise ? cached.then(({ tasks }) => tasks) : cached.tasks;
  }

  /** Reads the announcements now. Concurrent callers share one read. */
  async refresh(keys: QueueKeys): Promise<AnnouncedTasks> {
    return (await this.#cache.refresh(keys)).tasks;
  }

  /** Ends the threads that check values. */
  close(): Promise<void> {
    return this.checks.close();
  }

  /** The defaults of a task, if they are cached. */
  readonly defaultsOf = (queue: string, task: string): TaskDefaults | undefined =>
    this.#cache.peek(queue)?.tasks.defaults(task);
}
