import { setTimeout as sleep } from 'node:timers/promises';

/** So many were finished at that time, by `performance.now()`. */
export interface Mark {
  readonly count: number;
  readonly at: number;
}

/** Per second. */
export const rateBetween = (from: Mark, to: Mark): number =>
  ((to.count - from.count) / (to.at - from.at)) * 1_000;

const SHORTEST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;
/** Of the time that is left by the pace so far, what passes until the next look. */
const SHARE = 0.3;

/** Follows a count that grows; looks rarely while its goal is far, and often when it is near. */
export class Progress {
  /** How often it has looked. */
  looks = 0;
  readonly #count: () => Promise<number>;
  readonly #deadline: number;
  #first: Mark | undefined;

  constructor(count: () => Promise<number>, limitMs: number) {
    this.#count = count;
    this.#deadline = performance.now() + limitMs;
  }

  /**
   * Resolves with the first look that saw the goal reached: count and time belong together, nothing is interpolated.
   *
   * @throws {Error} when the goal is not reached in time.
   */
  async until(goal: number): Promise<Mark> {
    for (;;) {
      const mark = await this.#look();
      if (mark.count >= goal) return mark;
      if (mark.at > this.#deadline)
        throw new Error(`Only ${mark.count} of ${goal} jobs were finished in time.`);
      await sleep(this.#pause(mark, goal));
    }
  }

  async #look(): Promise<Mark> {
    this.looks += 1;
    const sent = performance.now();
    const count = await this.#count();
    const mark = { count, at: (sent + performance.now()) / 2 };
    if (count > 0) this.#first ??= mark;
    return mark;
  }

  #pause(mark: Mark, goal: number): number {
    const first = this.#first ?? mark;
    const perMs = (mark.count - first.count) / (mark.at - first.at);
    // Before there is a pace (0 by 0), it is the shortest pause.
    const wish = (SHARE * (goal - mark.count)) / perMs;
    return Math.min(Math.max(Number.isNaN(wish) ? 0 : wish, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
  }
}
