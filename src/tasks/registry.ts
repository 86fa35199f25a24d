import type { Clock } from '../clock.ts';
import { AppError, invalidRequest } from '../errors.ts';
import type { Connection } from '../redis/connection.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import type { AnnouncedTask, AnnounceTask } from '../schemas/task-http.ts';
import { toTimestamp } from '../schemas/values/timestamp.ts';
import { announceTasks, readStored, type StoredAnnouncement } from './announcements.ts';
import { checkTask } from './check.ts';
import type { TaskDirectory } from './directory.ts';
import { toAnnouncement } from './load.ts';

/** Queues whose tasks are listed on one page. */
const PAGE_QUEUES = 100;

/** What the registry needs of the core. */
export interface RegistryParts {
  readonly redis: Connection;
  readonly keySpace: KeySpace;
  readonly clock: Clock;
  readonly tasks: TaskDirectory;
  readonly queues: { names(): Promise<string[]>; register(queues: readonly string[]): Promise<void> };
}

/** Announces tasks over HTTP, takes announcements back, and lists them. */
export class TaskRegistry {
  readonly #parts: RegistryParts;

  constructor(parts: RegistryParts) {
    this.#parts = parts;
  }

  /**
   * Announces a task for a queue, as a TypeScript worker does for each of its own. An announcement counts for a day.
   *
   * @throws {AppError} invalid-request.
   */
  async announce(queue: string, name: string, options: AnnounceTask): Promise<AnnouncedTask> {
    const { redis, keySpace, clock, tasks, queues } = this.#parts;
    const keys = keySpace.queue(queue);
    // The worker has the handler; the check only wants one to be there.
    const checked = checkTask(name, { ...options, name, handler: () => null });
    if (!checked.ok) throw invalidRequest(checked.faults);
    const at = clock.wall();
    const task = toAnnouncement(checked.task);
    await queues.register([queue]);
    await announceTasks(redis, keys, [task], at);
    await tasks.refresh(keys);
    return show(queue, { ...task, at });
  }

  /** Takes an announcement back. @throws {AppError} task-not-found. */
  async remove(queue: string, name: string): Promise<void> {
    const { redis, keySpace, tasks } = this.#parts;
    const keys = keySpace.queue(queue);
    const removed = await redis.hdel(keys.tasks, name);
    await tasks.refresh(keys);
    if (removed === 0) {
      const detail = `No worker has announced the task "${name}" for queue "${queue}". GET /tasks lists the announced tasks.`;
      throw new AppError('task-not-found', detail);
    }
  }

  /** The announced tasks of one queue, or of all: a page of queues at a time, by name. */
  async list({
    queue,
    cursor = '',
  }: {
    queue?: string;
    cursor?: string;
  }): Promise<{ items: AnnouncedTask[]; nextCursor?: string }> {
    const { queues } = this.#parts;
    const all = queue === undefined ? await queues.names() : [queue];
    const left = all.filter((name) => name > cursor);
    const page = left.slice(0, PAGE_QUEUES);
    const tasks = await Promise.all(page.map((name) => this.#tasksOf(name)));
    const last = page.at(-1);
    return {
      items: tasks.flat(),
      ...(left.length > page.length && last !== undefined ? { nextCursor: last } : {}),
    };
  }

  async #tasksOf(queue: string): Promise<AnnouncedTask[]> {
    const { redis, keySpace, clock } = this.#parts;
    const stored = await readStored(redis, keySpace.queue(queue), clock.wall());
    return stored.sort(byName).map((task) => show(queue, task));
  }
}

const byName = (a: StoredAnnouncement, b: StoredAnnouncement): number => (a.name < b.name ? -1 : 1);

const show = (queue: string, { at, ...task }: StoredAnnouncement): AnnouncedTask => ({
  queue,
  ...task,
  announcedAt: toTimestamp(at),
});
