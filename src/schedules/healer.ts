import { AppError } from '../errors.ts';
import { isCluster } from '../redis/cluster/slots.ts';
import { toPairs } from '../redis/pairs.ts';
import { isDraft } from './definition.ts';
import { readLocated } from './move.ts';
import { lock } from './scripts/lock.ts';
import { decodeLocation, newVersion, type ScheduleStore } from './store.ts';

/** The time between two passes, by any process. */
const HEAL_EVERY_MS = 60_000;
const PAGE = 200;

/**
 * Repairs what a process leaves when it dies between two writes: unfinished moves, drafts and schedules that the index
 * does not have, and watched queues without schedules. In a Cluster also schedules whose queue is not watched.
 */
export class Healer {
  readonly #store: ScheduleStore;
  #nextAt = 0;

  constructor(store: ScheduleStore) {
    this.#store = store;
  }

  /**
   * Heals all queues once a minute. Only one process runs this at a time.
   *
   * @param queues the watched queues, with the versions that were read.
   */
  async run(queues: readonly (readonly [queue: string, version: string])[]): Promise<void> {
    const { redis, keySpace, clock } = this.#store;
    const now = clock.monotonic();
    if (now < this.#nextAt) return;
    // Random, so that a different process can be the first each time.
    this.#nextAt = now + HEAL_EVERY_MS * (0.5 + Math.random());
    if (!(await lock(redis, keySpace.scheduleHeal, newVersion(), HEAL_EVERY_MS))) return;
    for (const [queue, version] of queues) await this.#healQueue(queue, version);
    if (isCluster(redis)) await this.#watchAgain(new Set(queues.map(([queue]) => queue)));
  }

  /** In a Cluster another primary has the list of watched queues than the schedules. A failover may lose a queue there. */
  async #watchAgain(watched: ReadonlySet<string>): Promise<void> {
    const { redis, keySpace } = this.#store;
    const missing = new Set<string>();
    let cursor = '0';
    do {
      const [next, flat] = await redis.hscan(keySpace.schedules, cursor, 'COUNT', PAGE);
      for (const [, location] of toPairs(flat)) {
        const { queue } = decodeLocation(location);
        if (!watched.has(queue)) missing.add(queue);
      }
      cursor = next;
    } while (cursor !== '0');
    for (const queue of missing) await this.#store.watchQueue(queue);
  }

  async #healQueue(queue: string, version: string): Promise<void> {
    const { redis, keySpace } = this.#store;
    const { scheduleStates } = keySpace.queue(queue);
    let cursor = '0';
    let isEmpty = true;
    do {
      const [next, flat] = await redis.hscan(scheduleStates, cursor, 'COUNT', PAGE);
      await this.#healPage(queue, toPairs(flat));
      if (flat.length > 0) isEmpty = false;
      cursor = next;
    } while (cursor !== '0');
    if (isEmpty) await this.#store.unwatchQueue({ queue, version });
  }

  async #healPage(queue: string, states: readonly [id: string, state: string][]): Promise<void> {
    const locations = await this.#store.readLocations(states.map(([id]) => id));
    for (const [i, [id, state]] of states.entries()) {
      if (locations[i]?.queue === queue && !isDraft(state)) continue;
      try {
        await this.#store.withLock(id, () => this.#healSchedule(id, queue));
      } catch (error) {
        // Another process is changing this schedule. The next pass looks again.
        if (!(error instanceof AppError)) throw error;
      }
    }
  }

  async #healSchedule(id: string, queue: string): Promise<void> {
    const located = await readLocated(this.#store, id);
    const own = await this.#store.read(id, queue);
    const location = located?.location;
    if (own.stored === undefined || location?.queue === queue) return;
    if (located?.stored === undefined && !isDraft(own.stored.state)) {
      await this.#store.setLocation(id, location, { queue, version: newVersion() });
      return;
    }
    // The new version makes a stalled mover to this queue start again.
    const isSafe =
      location === undefined ||
      (await this.#store.setLocation(id, location, { ...location, version: newVersion() }));
    if (isSafe) await this.#store.remove(own.keys, own.stored);
  }
}
