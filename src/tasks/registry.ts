import { AppError, invalidRequest } from '../errors.ts';
import type { Connection } from '../redis/connection.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import { redisTime } from '../redis/server-time.ts';
import type { AnnouncedTask, AnnounceTask } from '../schemas/task-http.ts';
import { toTimestamp } from '../schemas/values/timestamp.ts';
import { type VisibleQueues, visibleOf } from '../schemas/values/visible-queues.ts';
import {
  announceTasks,
  isLive,
  readAnnouncements,
  type StoredAnnouncement,
  toTask,
  withdraw,
} from './announcements.ts';
import { checkTask } from './check.ts';
import type { TaskDirectory } from './directory.ts';
import { toAnnouncement } from './load.ts';
import type { TaskAnnouncement } from './types.ts';

/** Queues whose tasks are listed on one page. */
const PAGE_QUEUES = 100;

/** The members of the core that the registry uses. The core imports this room, so the room cannot import `Core`. */
export interface RegistryDependencies {
  readonly redis: Connection;
  readonly keySpace: KeySpace;
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
    const { redis, keySpace, tasks, queues } = this.#core;
    const keys = keySpace.queue(queue);
    // The handler is in the worker, but the check requires one.
    const checked = checkTask(name, { ...options, name, handler: () => null });
    if (!checked.ok) throw invalidRequest(checked.faults);
    const task = toAnnouncement(checked.task);
    await queues.register([queue]);
    await announceTasks(redis, keys, [task], 'http');
    await tasks.refresh(keys);
    return viewTask(queue, task, await redisTime(redis));
  }

  /** Withdraws an announcement. @throws {AppError} task-not-found. */
  async remove(queue: string, name: string): Promise<void> {
    const { redis, keySpace, tasks } = this.#core;
    const keys = keySpace.queue(queue);
    const removed = await withdraw(redis, keys, name);
    await tasks.refresh(keys);
    if (removed === 0) {
      const detail = `No worker has announced the task "${name}" for queue "${queue}". GET /tasks lists the announced tasks.`;
      throw new AppError('task-not-found', detail);
    }
  }

  /**
   * A page of announced tasks, of one queue or of all that the client may read, ordered by queue and name. The cursor is the
   * last queue.
   */
  async list(
    { queue, cursor = '' }: { queue?: string; cursor?: string },
    visible?: VisibleQueues,
  ): Promise<{ items: AnnouncedTask[]; nextCursor?: string }> {
    const { queues } = this.#core;
    const all = visibleOf(queue === undefined ? await queues.names() : [queue], visible);
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
    const { redis, keySpace } = this.#core;
    const now = await redisTime(redis);
    const { tasks } = await readAnnouncements(redis, keySpace.queue(queue), now);
    return [...newestReleases(tasks, now).values()]
      .sort(byName)
      .map((task) => viewTask(queue, toTask(task), task.at));
  }
}

const byName = (a: StoredAnnouncement, b: StoredAnnouncement): number => (a.name < b.name ? -1 : 1);

/** By name; a release of a live worker goes before one that may be gone, and both before a mere name. */
function newestReleases(
  tasks: readonly StoredAnnouncement[],
  now: number,
): ReadonlyMap<string, StoredAnnouncement> {
  const rank = (task: StoredAnnouncement) => (task.isRelease ? (isLive(task, now) ? 2 : 1) : 0);
  const newest = new Map<string, StoredAnnouncement>();
  for (const task of tasks) {
    const other = newest.get(task.name);
    if (other === undefined || rank(task) > rank(other)) newest.set(task.name, task);
  }
  return newest;
}

const viewTask = (queue: string, task: TaskAnnouncement, at: number): AnnouncedTask => ({
  queue,
  ...task,
  announcedAt: toTimestamp(at),
});
