import { AppError, invalidRequest } from '../errors.ts';
import { PartialRead } from '../redis/cluster/partial-read.ts';
import type { Connection } from '../redis/connection.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import { timeAt } from '../redis/server-time.ts';
import type { Fault } from '../schemas/problem.ts';
import type { AnnouncedTask, AnnounceTask } from '../schemas/task-http.ts';
import { toTimestamp } from '../schemas/values/timestamp.ts';
import { type VisibleQueues, visibleOf } from '../schemas/values/visible-queues.ts';
import {
  announceOverHttp,
  isLive,
  readAnnouncements,
  type StoredAnnouncement,
  toTask,
  withdraw,
} from './announcements.ts';
import { checkTask } from './check.ts';
import type { TaskDirectory } from './directory.ts';
import { toAnnouncement } from './load.ts';
import type { JsonSchema, TaskAnnouncement } from './types.ts';

/** Queues whose tasks are listed on one page. */
const PAGE_QUEUES = 100;
/** Characters of the schemas on one page: it ends with the queue that brings as many. */
const PAGE_LENGTH = 1_048_576;

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
   * @throws {AppError} invalid-request, too-many-tasks or checks-busy.
   */
  async announce(queue: string, name: string, options: AnnounceTask): Promise<AnnouncedTask> {
    const { redis, keySpace, tasks, queues } = this.#core;
    const keys = keySpace.queue(queue);
    const { input, output, ...others } = options;
    // The handler is in the worker, but the check requires one.
    const checked = checkTask(name, { ...others, name, handler: () => null });
    const schemas = { ...(input !== undefined && { input }), ...(output !== undefined && { output }) };
    const faults = [...(checked.ok ? [] : checked.faults), ...(await this.#schemaFaults(schemas))];
    if (!checked.ok || faults.length > 0) throw invalidRequest(faults);
    const task = { ...toAnnouncement(checked.task), ...schemas };
    const release = await announceOverHttp(redis, keys, task);
    await queues.register([queue]);
    await tasks.refresh(keys);
    return { ...viewTask(queue, task, await timeAt(redis, keys.tasks)), release };
  }

  /** A schema that takes too long would hold up every submit. */
  async #schemaFaults(schemas: Readonly<Record<string, JsonSchema>>): Promise<Fault[]> {
    const faults: Fault[] = [];
    for (const [name, schema] of Object.entries(schemas)) {
      const state = await this.#core.tasks.checks.of(schema).tryOut();
      if (state === undefined) {
        const detail = 'Too many schemas are being checked. Try again after Retry-After seconds.';
        throw new AppError('checks-busy', detail);
      }
      if (!state.isUsable) faults.push({ pointer: `/${name}`, detail: schemaDetail(state.reason) });
    }
    return faults;
  }

  /**
   * Withdraws the announcements of a task; those of TypeScript workers that run stay. With `release` only that one.
   *
   * @throws {AppError} task-not-found.
   */
  async remove(queue: string, name: string, release?: string): Promise<void> {
    const { redis, keySpace, tasks } = this.#core;
    const keys = keySpace.queue(queue);
    const removed = await withdraw(redis, keys, name, release);
    await tasks.refresh(keys);
    if (removed === 0) {
      const detail = `There is no such announcement of the task "${name}" for queue "${queue}" to withdraw. GET /tasks lists the announced tasks.`;
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
  ): Promise<{ items: AnnouncedTask[]; nextCursor?: string; missing?: string[] }> {
    const { queues, redis, keySpace } = this.#core;
    const part = new PartialRead(redis);
    const all = visibleOf(queue === undefined ? await queues.names() : [queue], visible);
    const remaining = all.filter((name) => name > cursor);
    const items: AnnouncedTask[] = [];
    let length = 0;
    let count = 0;
    for (; count < Math.min(remaining.length, PAGE_QUEUES) && length < PAGE_LENGTH; count += 1) {
      const name = remaining[count] ?? '';
      const read = () => this.#tasksOf(name);
      const tasks = queue === undefined ? ((await part.of(keySpace.queue(name), read)) ?? []) : await read();
      items.push(...tasks);
      // Most tasks are short, and one that is not has a schema.
      for (const { input, output } of tasks) length += JSON.stringify([input, output]).length;
    }
    const last = remaining[count - 1];
    const hasMore = remaining.length > count && last !== undefined;
    return { items, ...(hasMore && { nextCursor: last }), ...part.missing };
  }

  async #tasksOf(queue: string): Promise<AnnouncedTask[]> {
    const { redis, keySpace } = this.#core;
    const keys = keySpace.queue(queue);
    const now = await timeAt(redis, keys.tasks);
    const { tasks } = await readAnnouncements(redis, keys, now);
    return [...newestReleases(tasks, now).values()]
      .sort(byName)
      .map((task) => viewTask(queue, toTask(task), task.at));
  }
}

const schemaDetail = (reason: string): string =>
  /^(has|is|takes) /.test(reason) ? reason : `is not a JSON Schema: ${reason}`;

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
