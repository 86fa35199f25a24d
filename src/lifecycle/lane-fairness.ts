/** One in this many jobs that a lane delivers comes from a lane below the first. */
const FAVOUR_ONE_IN = 16;
/** Lanes below the first. */
const LOWER_LANES = 3;

/** Gives the lower lanes a small share of the jobs that are taken, each lane in turn, so that none starves. */
export class LaneFairness {
  #credit = 0;
  #lastFavoured = 1;

  /** For the next take: a lane (index from 1) whose first `share` jobs come before all others; 0 for none. */
  next(): { favouredLane: number; share: number } {
    const share = Math.floor(this.#credit);
    if (share === 0) return { favouredLane: 0, share };
    this.#credit -= share;
    const favouredLane = this.#lastFavoured + 1;
    this.#lastFavoured = (this.#lastFavoured % LOWER_LANES) + 1;
    return { favouredLane, share };
  }

  /** A take brought `jobs` jobs; `count` is the number that it asked for. */
  taken(jobs: number, count: number): void {
    this.#credit = Math.min(this.#credit + jobs / FAVOUR_ONE_IN, 1 + count / FAVOUR_ONE_IN);
  }
}
