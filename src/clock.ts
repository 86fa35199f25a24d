import { performance } from 'node:perf_hooks';

/** Wall time for what is stored, monotonic time for durations; both in milliseconds. */
export interface Clock {
  wall(): number;
  monotonic(): number;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
};
