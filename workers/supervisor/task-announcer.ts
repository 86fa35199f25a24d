import type { Core } from '../../src/core/core.ts';
import { ensureGroups } from '../../src/lifecycle/scripts/ensure-groups.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { announceTasks } from '../../src/tasks/announcements.ts';
import { toAnnouncement } from '../../src/tasks/load.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';

/** Well within the life of an announcement. */
const ANNOUNCE_EVERY_MS = 600_000;

/** Registers the queues of this worker, and announces its tasks in each. */
export class TaskAnnouncer {
  readonly #core: Core;
  readonly #queues: readonly QueueKeys[];
  readonly #tasks: ReadonlyMap<string, LoadedTask>;

  constructor(core: Core, queues: readonly QueueKeys[], tasks: ReadonlyMap<string, LoadedTask>) {
    this.#core = core;
    this.#queues = queues;
    this.#tasks = tasks;
  }

  readonly run = async (): Promise<number> => {
    const { redis, queues, clock } = this.#core;
    await queues.register(this.#queues.map(({ queue }) => queue));
    const announcements = [...this.#tasks.values()].map(toAnnouncement);
    for (const keys of this.#queues) {
      await ensureGroups(redis, keys);
      await announceTasks(redis, keys, announcements, clock.wall());
    }
    return ANNOUNCE_EVERY_MS;
  };
}
