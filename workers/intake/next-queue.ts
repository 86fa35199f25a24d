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

  /** A queue with something to write; else the least recently taken queue that may have jobs, if `canTake`. */
  choose(canTake: boolean, now: number): QueueState | undefined {
    const states =
      this.#states.length === 1 ? this.#states : [...this.#states].sort((a, b) => a.lastTake - b.lastTake);
    const toWrite = states.find((state) => hasWrites(state, now));
    if (toWrite !== undefined || !canTake) return toWrite;
    return states.find((state) => this.#mayHaveJobs(state, now));
  }

  /** Whether no other queue that may have jobs was taken from less recently: queues with jobs take turns. */
  isFirstToTake(state: QueueState, now: number): boolean {
    if (state.lacksLease) return false;
    const isBefore = (other: QueueState) => other.lastTake < state.lastTake && this.#mayHaveJobs(other, now);
    return this.#states.length === 1 || !this.#states.some(isBefore);
  }

  /** At most one take of a queue is under way, unless a call goes to the queue anyway. */
  #mayHaveJobs(state: QueueState, now: number): boolean {
    if (state.openTakes > 0 || state.lacksLease) return false;
    if (!state.isDrained || now >= state.nextDueAt) return true;
    const areAllDrained = this.#states.every(({ isDrained }) => isDrained);
    return !areAllDrained && !this.#inFlight.isReading && now - state.lastTakeAt >= CHECK_EVERY_MS;
  }
}
