import type { InFlight } from './in-flight.ts';
import { hasWrites, type QueueState } from './queue-state.ts';

/** While other queues keep the worker from waiting for jobs, it checks a drained queue this often. */
const CHECK_EVERY_MS = 10;

/** Chooses which queue the next call is for, and whether that call may take jobs. Times are monotonic ms. */
export class NextQueue {
  readonly #states: readonly QueueState[];
  readonly #inFlight: InFlight;

  constructor(states: readonly QueueState[], inFlight: InFlight) {
    this.#states = states;
    this.#inFlight = inFlight;
  }

  /**
   * A queue with something to write; else the least recently taken queue that may have jobs, if `canTake`.
   *
   * @param starts how many jobs could start at once. From a queue that allows no reading ahead no more are taken.
   */
  choose(canTake: boolean, now: number, starts = Number.POSITIVE_INFINITY): QueueState | undefined {
    const toWrite = this.#leastRecent((state) => hasWrites(state, now));
    return toWrite ?? (canTake ? this.#leastRecent(this.#mayHaveJobs(now, starts)) : undefined);
  }

  /** Whether no other queue that may have jobs was taken from less recently: queues with jobs take turns. */
  isFirstToTake(state: QueueState, now: number, starts = Number.POSITIVE_INFINITY): boolean {
    if (state.lacksLease || state.isDropped) return false;
    if (this.#states.length === 1) return true;
    const mayHaveJobs = this.#mayHaveJobs(now, starts);
    return !this.#states.some((other) => other.lastTake < state.lastTake && mayHaveJobs(other));
  }

  /** There may be a thousand queues: each is looked at once. */
  #leastRecent(fits: (state: QueueState) => boolean): QueueState | undefined {
    let found: QueueState | undefined;
    for (const state of this.#states) {
      if ((found === undefined || state.lastTake < found.lastTake) && fits(state)) found = state;
    }
    return found;
  }

  /** At most one take of a queue is under way, unless a call goes to the queue anyway. */
  #mayHaveJobs(now: number, starts: number): (state: QueueState) => boolean {
    let isWaiting: boolean | undefined;
    return (state) => {
      if (state.openTakes > 0 || state.lacksLease || state.isDropped) return false;
      if (!state.allowsReadAhead && starts < 1) return false;
      if (!state.isDrained || now >= state.nextDueAt) return true;
      isWaiting ??= this.#inFlight.isReading || this.#states.every(({ isDrained }) => isDrained);
      return !isWaiting && now - state.lastTakeAt >= CHECK_EVERY_MS;
    };
  }
}
