import { type Clock, systemClock } from './clock.ts';

/** How long one request may work before others get their turn, ms. */
const SLICE_MS = 5;

/** The work of one request in slices, so that it does not hold up others however much it is. */
export class Slices {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #endsAt: number;

  constructor(clock: Pick<Clock, 'monotonic'> = systemClock) {
    this.#clock = clock;
    this.#endsAt = clock.monotonic() + SLICE_MS;
  }

  /** Whether the current slice is used up: wait for `next()` before you go on. */
  get isOver(): boolean {
    return this.#clock.monotonic() >= this.#endsAt;
  }

  /** Begins the next slice after others had their turn. */
  async next(): Promise<void> {
    await new Promise(setImmediate);
    this.#endsAt = this.#clock.monotonic() + SLICE_MS;
  }

  /** As `Array.map`. */
  async map<T, R>(items: Iterable<T>, transform: (item: T, index: number) => R): Promise<R[]> {
    const results: R[] = [];
    for (const item of items) {
      if (this.isOver) await this.next();
      results.push(transform(item, results.length));
    }
    return results;
  }
}
