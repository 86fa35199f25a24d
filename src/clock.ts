/** The source of time, in milliseconds. Code that needs the time takes a Clock, so that tests can set it. */
export interface Clock {
  /** Unix time, for stored times. It can jump. */
  wall(): number;
  /** Time since the start of the process, for durations. It never goes back. */
  monotonic(): number;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
};
