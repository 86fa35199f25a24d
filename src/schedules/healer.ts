import { AppError } from '../errors.ts';
import { toPairs } from '../redis/pairs.ts';
import { isDraft } from './definition.ts';
import { settledPlace } from './move.ts';
import { lock } from './scripts/lock.ts';
import { newVersion, type ScheduleStore } from './store.ts';

/** Between two looks, whoever takes them. */
const HEAL_EVERY_MS = 60_000;
const PAGE = 200;

/**
 * Mends what processes leave behind that die between two writes: moves that were begun, drafts and schedules that the
 * index does not know, and queues without schedules that are still looked at.
 */
export class Healer {
  readonly #store: ScheduleStore;
  #nextAt = 0;

  constructor(store: ScheduleStore) {
    this.#store = store;
  }

  /**
   * Of all processes one does it at a time.
   *
   * @param queues with the marks that they had when they were read.
   */
  async run(queues: readonly (readonly [queue: string, mark: string])[]): Promise<void> {
    const now = performance.now();
    if (now < this.#nextAt) return;
    const { redis, keySpace } = this.#store;
    // Drawn, so that the same process does not always come first.
    this.#nextAt = now + HEAL_EVERY_MS * (0.5 + Math.random());
    if (!(await lock(redis, keySpace.scheduleHeal, newVersion(), HEAL_EVERY_MS))) return;
    for (const [queue, mark] of queues) await this.#queue(queue, mark);
  }

  async #queue(queue: string, mark: string): Promise<void> {
    const { redis, keySpace } = this.#store;
    const { scheduleStates } = keySpace.queue(queue);
    let cursor = '0';
    let found = 0;
    do {
      const [next, flat] = await redis.hscan(scheduleStates, cursor, 'COUNT', PAGE);
      await this.#page(queue, toPairs(flat));
      found += flat.length;
      cursor = next;
    } while (cursor !== '0');
    if (found === 0) await this.#store.dismiss({ queue, mark });
  }

  async #page(queue: string, found: readonly [id: string, state: string][]): Promise<void> {
    const locations = await this.#store.locateAll(found.map(([id]) => id));
    for (const [i, [id, state]] of found.entries()) {
      if (locations[i]?.queue === queue && !isDraft(state)) continue;
      try {
        await this.#store.alone(id, () => this.#mend(id, queue));
      } catch (error) {
        // Somebody is at it.
        if (!(error instanceof AppError)) throw error;
      }
    }
  }

  async #mend(id: string, queue: string): Promise<void> {
    const place = await settledPlace(this.#store, id);
    const own = await this.#store.look(id, queue);
    const location = place?.location;
    if (own.stored === undefined || location?.queue === queue) return;
    if (place?.stored === undefined && !isDraft(own.stored.state)) {
      await this.#store.point(id, location, { queue, mark: newVersion() });
      return;
    }
    // With a new mark in the index, whoever is about to move it here, and sleeps, begins anew.
    const isSafe =
      location === undefined || (await this.#store.point(id, location, { ...location, mark: newVersion() }));
    if (isSafe) await this.#store.remove(own.keys, own.stored);
  }
}
