import type { Core } from '../../src/core/core.ts';
import { ensureGroups } from '../../src/lifecycle/scripts/ensure-groups.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { announceTasks, removeForgotten, WORKER_LIVE_MS } from '../../src/tasks/announcements.ts';
import { toAnnouncement } from '../../src/tasks/load.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';

/** Two renewals may be late or lost before the worker no longer counts as live. */
const ANNOUNCE_EVERY_MS = WORKER_LIVE_MS / 3;
/** How often the queues are registered again. */
const REGISTER_EVERY_MS = 600_000;

/** Registers the queues of this worker, and announces its tasks in each. */
export class TaskAnnouncer {
  readonly #core: Core;
  readonly #queues: readonly QueueKeys[];
  readonly #tasks: ReadonlyMap<string, LoadedTask>;
  /** When the queues were registered, monotonic ms. */
  #registeredAt = Number.NEGATIVE_INFINITY;

  constructor(core: Core, queues: readonly QueueKeys[], tasks: ReadonlyMap<string, LoadedTask>) {
    this.#core = core;
    this.#queues = queues;
    this.#tasks = tasks;
  }

  /** Redis may have lost what it was told: the next run tells it all again. */
  forget(): void {
    this.#registeredAt = Number.NEGATIVE_INFINITY;
  }

  readonly run = async (): Promise<number> => {
    const { redis, clock } = this.#core;
    const now = clock.monotonic();
    if (now - this.#registeredAt >= REGISTER_EVERY_MS) {
      await this.#register();
      this.#registeredAt = now;
    }
    const announcements = [...this.#tasks.values()].map(toAnnouncement);
    for (const keys of this.#queues) await announceTasks(redis, keys, announcements);
    return ANNOUNCE_EVERY_MS;
  };

  async #register(): Promise<void> {
    const { redis, queues } = this.#core;
    await queues.register(this.#queues.map(({ queue }) => queue));
    for (const keys of this.#queues) {
      await ensureGroups(redis, keys);
      await removeForgotten(redis, keys);
    }
  }
}
