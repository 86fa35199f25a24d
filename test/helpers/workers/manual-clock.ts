import type { Clock } from '../../../src/clock.ts';

export interface ManualClock extends Clock {
  advance(ms: number): void;
}

/** A clock that stands still until the test advances it. */
export function createManualClock(): ManualClock {
  let now = 1_000_000;
  return {
    wall: () => now,
    monotonic: () => now,
    advance(ms) {
      now += ms;
    },
  };
}
