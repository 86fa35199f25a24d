/** Of the jobs taken from lanes, one in so many comes from a lane below the first. */
const FAVOUR_ONE_IN = 16;
/** Lanes below the first. */
const LOWER_LANES = 3;

/** Sees that lower lanes get a small share of what is taken, each in turn, so that none starves. */
export class LaneFairness {
  #credit = 0;
  #favoured = 1;

  /** For the next take: a lane (index from 1) whose first `share` jobs go before the others; 0 for none. */
  next(): { favouredLane: number; share: number } {
    const share = Math.floor(this.#credit);
    if (share === 0) return { favouredLane: 0, share };
    this.#credit -= share;
    const favouredLane = this.#favoured + 1;
    this.#favoured = (this.#favoured % LOWER_LANES) + 1;
    return { favouredLane, share };
  }

  /** So many jobs were taken of `count` that were asked for. */
  taken(jobs: number, count: number): void {
    this.#credit = Math.min(this.#credit + jobs / FAVOUR_ONE_IN, 1 + count / FAVOUR_ONE_IN);
  }
}
