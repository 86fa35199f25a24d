import type { Clock } from '../clock.ts';
import { AppError, invalidRequest } from '../errors.ts';
import type { Connection } from '../redis/connection.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import type { AnnouncedTask, AnnounceTask } from '../schemas/task-http.ts';
import { toTimestamp } from '../schemas/values/timestamp.ts';
import { announceTasks, readStoredAnnouncements, type StoredAnnouncement } from './announcements.ts';
import { checkTask } from './check.ts';
import type { TaskDirectory } from './directory.ts';
import { toAnnouncement } from './load.ts';

/** Queues whose tasks are listed on one page. */
const PAGE_QUEUES = 100;

/** The members of the core that the registry uses. The core imports this room, so the room cannot import `Core`. */
export interface RegistryDependencies {
  readonly redis: Connection;
  readonly keySpace: KeySpace;
  readonly clock: Clock;
  readonly tasks: TaskDirectory;
  readonly queues: { names(): Promise<string[]>; register(queues: readonly string[]): Promise<void> };
}

/** Announces, withdraws and lists tasks over HTTP. */
export class TaskRegistry {
  readonly #core: RegistryDependencies;

  constructor(parts: RegistryDependencies) {
    this.#core = parts;
  }

  /**
   * Announces a task for a queue, as a TypeScript worker does for its own tasks. The announcement is valid for a day.
   *
   * @throws {AppError} invalid-request.
   */
  async announce(queue: string, name: string, options: AnnounceTask): Promise<AnnouncedTask> {
    const { redis, keySpace, clock, tasks, queues } = this.#core;
    const keys = keySpace.queue(queue);
    // The handler is in the worker, but the check requires one.
    const checked = checkTask(name, { ...options, name, handler: () => null });
    if (!checked.ok) throw invalidRequest(checked.faults);
    const at = clock.wall();
    const task = toAnnouncement(checked.task);
    await queues.register([queue]);
    await announceTasks(redis, keys, [task], at);
    await tasks.refresh(keys);
    return viewTask(queue, { ...task, at });
  }

  /** Withdraws an announcement. @throws {AppError} task-not-found. */
  async remove(queue: string, name: string): Promise<void> {
    const { redis, keySpace, tasks } = this.#core;
    const keys = keySpace.queue(queue);
    const removed = await redis.hdel(keys.tasks, name);
    await tasks.refresh(keys);
    if (removed === 0) {
      const detail = `No worker has announced the task "${name}" for queue "${queue}". GET /tasks lists the announced tasks.`;
      throw new AppError('task-not-found', detail);
    }
  }

  /** A page of announced tasks, of one queue or of all, ordered by queue and name. The cursor is the last queue. */
  async list({
    queue,
    cursor = '',
  }: {
    queue?: string;
    cursor?: string;
  }): Promise<{ items: AnnouncedTask[]; nextCursor?: string }> {
    const { queues } = this.#core;
    const all = queue === undefined ? await queues.names() : [queue];
    const remaining = all.filter((name) => name > cursor);
    const page = remaining.slice(0, PAGE_QUEUES);
    const tasks = await Promise.all(page.map((name) => this.#tasksOf(name)));
    const last = page.at(-1);
    return {
      items: tasks.flat(),
      ...(remaining.length > page.length && last !== undefined ? { nextCursor: last } : {}),
    };
  }

  async #tasksOf(queue: string): Promise<AnnouncedTask[]> {
    const { redis, keySpace, clock } = this.#core;
    const stored = await readStoredAnnouncements(redis, keySpace.queue(queue), clock.wall());
    return stored.sort(byName).map((task) => viewTask(queue, task));
  }
}

const byName = (a: StoredAnnouncement, b: StoredAnnouncement): number => (a.name < b.name ? -1 : 1);

const viewTask = (queue: string, { at, ...task }: StoredAnnouncement): AnnouncedTask => ({
  queue,
  ...task,
  announcedAt: toTimestamp(at),
});
