import { FairShare } from './fair-share.ts';

/** Lanes below the first. */
const LOWER_LANES = 3;

/** Gives the lower lanes a small share of the jobs that are taken. */
export class LaneFairness {
  readonly #share = new FairShare(LOWER_LANES);

  /** For the next take: a lane (index from 1) whose first `share` jobs come before all others; 0 for none. */
  next(): { favouredLane: number; share: number } {
    const { favoured: favouredLane, share } = this.#share.next();
    return { favouredLane, share };
  }

  /** A take brought `jobs` jobs; `count` is the number that it asked for. */
  taken(jobs: number, count: number): void {
    this.#share.taken(jobs, count);
  }
}
