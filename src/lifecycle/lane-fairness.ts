import { FairShare } from './fair-share.ts';

/** Whose first jobs come before all others. */
export interface FavouredLane {
  /** A priority, index from 1; 0 for none. */
  readonly favouredLane: number;
  /** Number of jobs. */
  readonly share: number;
  /** Due jobs go before entries of the lane, else the other way round. */
  readonly favoursDue: boolean;
}

/**
 * Turns, by lane. Without a turn due jobs of a priority go before its lane, so that each lane needs one against a stream of
 * them; due jobs of lower priorities need one against the lanes above.
 */
const TURNS = [
  { favouredLane: 2, favoursDue: false },
  { favouredLane: 3, favoursDue: false },
  { favouredLane: 4, favoursDue: false },
  { favouredLane: 2, favoursDue: true },
  { favouredLane: 3, favoursDue: true },
  { favouredLane: 4, favoursDue: true },
  { favouredLane: 1, favoursDue: false },
] as const;
const NO_TURN = { favouredLane: 0, favoursDue: false } as const;

/** For a take that asks for no jobs. */
export const NO_FAVOURED_LANE = { favouredLane: 0, share: 0 } as const;

/** Gives each lane, and the due jobs of each lower priority, a small share of the jobs that are taken. */
export class LaneFairness {
  readonly #share = new FairShare(TURNS.length);

  next(): FavouredLane {
    const { favoured, share } = this.#share.next();
    return { ...(TURNS[favoured - 2] ?? NO_TURN), share };
  }

  /** A take brought `jobs` jobs; `count` is the number that it asked for. */
  taken(jobs: number, count: number): void {
    this.#share.taken(jobs, count);
  }
}
