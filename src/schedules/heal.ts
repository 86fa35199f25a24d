import { dropMark } from '../redis/scripts/mark.ts';
import { pairs, type ScheduleStore } from './store.ts';

/** Between two looks of one process; drawn from half to one and a half of it. */
const HEAL_EVERY_MS = 60_000;
const PAGE = 200;

/**
 * Mends what processes leave behind that die between two writes: schedules that the index does not know, or knows in
 * another queue, and queues without schedules that are still looked at.
 */
export class Healer {
  readonly #store: ScheduleStore;
  #nextAt = 0;

  constructor(store: ScheduleStore) {
    this.#store = store;
  }

  /** @param queues with the marks that they had when they were read. */
  async run(queues: readonly (readonly [queue: string, mark: string])[]): Promise<void> {
    const now = performance.now();
    if (now < this.#nextAt) return;
    this.#nextAt = now + HEAL_EVERY_MS * (0.5 + Math.random());
    for (const [queue, mark] of queues) await this.#queue(queue, mark);
  }

  async #queue(queue: string, mark: string): Promise<void> {
    const { redis, keySpace } = this.#store;
    const { scheduleStates } = keySpace.queue(queue);
    let cursor = '0';
    let found = 0;
    do {
      const [next, flat] = await redis.hscan(scheduleStates, cursor, 'COUNT', PAGE);
      await this.#page(queue, pairs(flat), mark);
      found += flat.length;
      cursor = next;
    } while (cursor !== '0');
    // Only if nobody has written a schedule of it since.
    if (found === 0) await dropMark(redis, keySpace.scheduledQueues, queue, mark);
  }

  async #page(queue: string, found: readonly [id: string, state: string][], mark: string): Promise<void> {
    const { redis, keySpace } = this.#store;
    const locations = await this.#store.locateAll(found.map(([id]) => id));
    for (const [i, [id, state]] of found.entries()) {
      const location = locations[i];
      if (location === undefined) await redis.hsetnx(keySpace.schedules, id, `${queue} ${mark}`);
      else if (location.queue !== queue) await this.#store.remove(keySpace.queue(queue), id, state);
    }
  }
}
