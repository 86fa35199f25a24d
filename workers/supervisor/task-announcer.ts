import type { Core } from '../../src/core/core.ts';
import { ensureGroups } from '../../src/lifecycle/scripts/ensure-groups.ts';
import { EachPrimary } from '../../src/maintenance/each-primary.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { announceTasks, removeForgotten, WORKER_LIVE_MS } from '../../src/tasks/announcements.ts';
import { toAnnouncement } from '../../src/tasks/load.ts';
import type { LoadedTask, TaskAnnouncement } from '../../src/tasks/types.ts';
import type { ServedQueues } from './served-queues.ts';

/** One renewal may be late or lost before the worker no longer counts as live. */
const ANNOUNCE_EVERY_MS = WORKER_LIVE_MS / 2;
/** How often the queues are registered again. */
const REGISTER_EVERY_MS = 600_000;

type TaskQueues = Pick<ServedQueues, 'list' | 'refresh' | 'isNamed'>;

/** Registers the queues of this worker, and announces its tasks in each. */
export class TaskAnnouncer {
  readonly #core: Core;
  readonly #each: EachPrimary;
  readonly #queues: TaskQueues;
  readonly #tasks: readonly TaskAnnouncement[];
  /** When the queues were registered, monotonic ms. */
  #registeredAt = Number.NEGATIVE_INFINITY;

  constructor(core: Core, queues: TaskQueues, tasks: ReadonlyMap<string, LoadedTask>) {
    this.#core = core;
    this.#each = new EachPrimary(core.redis);
    this.#queues = queues;
    this.#tasks = [...tasks.values()].map(toAnnouncement);
  }

  /** Redis may have lost what it was told: the next run tells it all again. */
  forget(): void {
    this.#registeredAt = Number.NEGATIVE_INFINITY;
  }

  readonly run = async (): Promise<number> => {
    const { clock, queues } = this.#core;
    const { list } = this.#queues;
    const now = clock.monotonic();
    await this.#queues.refresh();
    const mustRegister = now - this.#registeredAt >= REGISTER_EVERY_MS;
    if (mustRegister) {
      const named = list.filter((keys) => this.#queues.isNamed(keys));
      await queues.register(named.map(({ queue }) => queue));
    }
    await this.announce([...list], mustRegister);
    if (mustRegister) this.#registeredAt = now;
    return ANNOUNCE_EVERY_MS;
  };

  /** @param mustPrepare makes their groups, and removes announcements of workers that are gone. */
  async announce(queues: readonly QueueKeys[], mustPrepare: boolean): Promise<void> {
    const { redis } = this.#core;
    await this.#each.run(queues, async (group) => {
      for (const keys of group) {
        if (mustPrepare) {
          await ensureGroups(redis, keys);
          await removeForgotten(redis, keys);
        }
        await announceTasks(redis, keys, this.#tasks);
      }
    });
  }
}
