/** One in this many jobs that are taken comes from a source below the first. */
export const FAVOUR_ONE_IN = 16;

/**
 * Sources in order of preference, such as lanes or queues: gives those below the first a small share of the jobs that are
 * taken, each in turn, so that none starves.
 */
export class FairShare {
  readonly #lower: number;
  #credit = 0;
  #lastFavoured = 1;

  /** @param lower number of sources below the first; at least one. */
  constructor(lower: number) {
    this.#lower = lower;
  }

  /** For the next take: a source (index from 1) whose first `share` jobs come before all others; 0 for none. */
  next(): { favoured: number; share: number } {
    const share = Math.floor(this.#credit);
    if (share === 0) return { favoured: 0, share };
    this.#credit -= share;
    const favoured = this.#lastFavoured + 1;
    this.#lastFavoured = (this.#lastFavoured % this.#lower) + 1;
    return { favoured, share };
  }

  /** A take brought `jobs` jobs; `count` is the number that it asked for. */
  taken(jobs: number, count: number): void {
    this.#credit = Math.min(this.#credit + jobs / FAVOUR_ONE_IN, 1 + count / FAVOUR_ONE_IN);
  }
}
