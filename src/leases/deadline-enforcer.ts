import type { Core } from '../core/core.ts';
import { isLeaseName } from '../lifecycle/consumer-name.ts';
import { EachPrimary } from '../maintenance/each-primary.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { checkHeldJob } from './held-job.ts';
import { LeaseConsumer } from './lease-consumer.ts';
import { HELD_START, type HeldPosition, heldByLeases } from './scripts/held-by-leases.ts';

/** A timeout or cancel takes effect at most this long after its time. A pass without one costs Redis nothing. */
const PASS_EVERY_MS = 250;
/** All busy queues are checked this often: the process that knew of a deadline may have stopped. */
const CHECK_ALL_EVERY_MS = 30_000;
/** Consumers of one page, and of one call of the script. */
const PAGE_SIZE = 100;

/**
 * Ends the attempts of HTTP workers that are silent beyond the timeout of a job, or long after its cancel. Without it these
 * would end with a heartbeat or with the lease. Reads a queue only when a deadline of it has come.
 */
export class DeadlineEnforcer {
  readonly #core: Core;
  readonly #each: EachPrimary;
  readonly #busyQueues: () => Promise<Iterable<QueueKeys>>;
  #allCheckedAt = Number.NEGATIVE_INFINITY;

  /** @param busyQueues the queues that may have jobs under leases. */
  constructor(core: Core, busyQueues: () => Promise<Iterable<QueueKeys>>) {
    this.#core = core;
    this.#each = new EachPrimary(core.redis);
    this.#busyQueues = busyQueues;
  }

  /** Checks the queues whose time has come; resolves to the time until the next pass, ms. */
  readonly run = async (): Promise<number> => {
    const { deadlines, keySpace, clock } = this.#core;
    const due = new Set(deadlines.takeDue());
    try {
      const now = clock.monotonic();
      if (now - this.#allCheckedAt > CHECK_ALL_EVERY_MS) {
        for (const { queue } of await this.#busyQueues()) due.add(queue);
        this.#allCheckedAt = now;
      }
      const queues = [...due].map((queue) => keySpace.queue(queue));
      await this.#each.run(queues, async (group) => {
        for (const keys of group) {
          await this.#check(keys);
          due.delete(keys.queue);
        }
      });
    } finally {
      // Those that Redis did not answer for are checked again.
      for (const queue of due) deadlines.note(queue, 0);
    }
    return PASS_EVERY_MS;
  };

  async #check(keys: QueueKeys): Promise<void> {
    let cursor = '0';
    do {
      const [next, members] = await this.#core.redis.zscan(keys.leases, cursor, 'COUNT', PAGE_SIZE);
      cursor = next;
      const names = members.filter((name, i) => i % 2 === 0 && isLeaseName(name));
      for (let start = 0; start < names.length; start += PAGE_SIZE) {
        await this.#checkLeases(keys, names.slice(start, start + PAGE_SIZE));
      }
    } while (cursor !== '0');
  }

  async #checkLeases(keys: QueueKeys, names: readonly string[]): Promise<void> {
    const { redis, tasks } = this.#core;
    const known = await tasks.announced(keys);
    const consumers = names.map((name) => new LeaseConsumer(name, redis));
    let position: HeldPosition | undefined = HELD_START;
    while (position !== undefined) {
      const { jobs, next } = await heldByLeases(redis, keys, names, position);
      position = next;
      const losers = new Set<LeaseConsumer>();
      const check = async ({ lease, job }: (typeof jobs)[number]) => {
        const consumer = consumers[lease];
        if (consumer === undefined) return;
        const state = await checkHeldJob({ core: this.#core, consumer, keys, known }, job);
        if (state === 'taken') losers.add(consumer);
      };
      await Promise.all(jobs.map(check));
      await Promise.all([...losers].map((consumer) => consumer.endIfIdle(keys)));
    }
  }
}
