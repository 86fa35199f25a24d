import { AppError, invalidRequest } from '../errors.ts';
import type { AnnounceTask, KnownTask } from '../schemas/task-http.ts';
import { announceTasks, readStored, type StoredAnnouncement } from '../tasks/announce.ts';
import { checkTask } from '../tasks/check.ts';
import { announcement } from '../tasks/load.ts';
import type { Core } from './core.ts';
import { toTimestamp } from './view.ts';

/** Queues whose tasks are listed on one page. */
const PAGE_QUEUES = 100;

/**
 * Announces a task for a queue, as a worker of ours does for each of its own; it counts for a day.
 *
 * @throws {AppError} invalid-request.
 */
export async function announceTask(
  core: Core,
  queue: string,
  name: string,
  options: AnnounceTask,
): Promise<KnownTask> {
  const { redis, keySpace, tasks } = core;
  const keys = keySpace.queue(queue);
  // How it is run is the worker's own business.
  const checked = checkTask(name, { ...options, name, handler: () => null });
  if (!checked.ok) throw invalidRequest(checked.faults);
  const at = Date.now();
  const task = announcement(checked.task);
  await redis.sadd(keySpace.queues, queue);
  await announceTasks(redis, keys, [task], at);
  await tasks.refresh(keys);
  return shown(queue, { ...task, at });
}

/** Forgets what was announced. @throws {AppError} task-not-found. */
export async function forgetTask(core: Core, queue: string, name: string): Promise<void> {
  const keys = core.keySpace.queue(queue);
  const removed = await core.redis.hdel(keys.tasks, name);
  await core.tasks.refresh(keys);
  if (removed === 0) {
    const detail = `Nobody has announced the task "${name}" for queue "${queue}". GET /tasks lists what is announced.`;
    throw new AppError('task-not-found', detail);
  }
}

/** The announced tasks of one queue, or of all: a page of queues at a time, by name. */
export async function listTasks(
  core: Core,
  { queue, cursor = '' }: { queue?: string; cursor?: string },
): Promise<{ items: KnownTask[]; nextCursor?: string }> {
  const { redis, keySpace } = core;
  const all = queue === undefined ? (await redis.smembers(keySpace.queues)).sort() : [queue];
  const left = all.filter((name) => name > cursor);
  const page = left.slice(0, PAGE_QUEUES);
  const now = Date.now();
  const tasks = await Promise.all(
    page.map(async (name) =>
      (await readStored(redis, keySpace.queue(name), now)).sort(byName).map((task) => shown(name, task)),
    ),
  );
  const last = page.at(-1);
  return {
    items: tasks.flat(),
    ...(left.length > page.length && last !== undefined ? { nextCursor: last } : {}),
  };
}

const byName = (a: StoredAnnouncement, b: StoredAnnouncement): number => (a.name < b.name ? -1 : 1);

const shown = (queue: string, { at, ...task }: StoredAnnouncement): KnownTask => ({
  queue,
  ...task,
  announcedAt: toTimestamp(at),
});
