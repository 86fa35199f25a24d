import { hasWrites, isReadyToWait, type QueueState } from '../queue-state.ts';
import type { InFlight } from './in-flight.ts';

/** While other queues keep the worker from waiting for jobs, it checks a drained queue this often. */
const CHECK_EVERY_MS = 10;
/**
 * Takes stay with a queue that has more for so long. The ends of its jobs then come with its next takes: in turn, each call would
 * write the ends of one queue and take from another.
 */
const STAY_MS = 25;

/** Chooses which queue the next call is for, and whether that call may take jobs. Times are monotonic ms. */
export class NextQueue {
  readonly #states: readonly QueueState[];
  readonly #inFlight: InFlight;
  #stay: { readonly state: QueueState; readonly until: number } | undefined;

  constructor(states: readonly QueueState[], inFlight: InFlight) {
    this.#states = states;
    this.#inFlight = inFlight;
  }

  /**
   * A queue with something to write; else one to take from, if `canTake`: the one with which takes stay, or else the least recently
   * taken queue that may have jobs. Else one whose primary is away, if it is time to ask that.
   *
   * @param starts how many jobs could start at once. From a queue that allows no reading ahead no more are taken.
   */
  choose(canTake: boolean, now: number, starts = Number.POSITIVE_INFINITY): QueueState | undefined {
    const hasCapacity = ({ keys }: QueueState) => this.#inFlight.hasCapacity(this.#inFlight.of(keys));
    const toWrite = this.#leastRecent((state) => hasWrites(state, now) && hasCapacity(state));
    if (toWrite !== undefined) return toWrite;
    const toTake = canTake ? this.#toTake(now, starts, hasCapacity) : undefined;
    if (toTake !== undefined || !this.#inFlight.areSomeAway) return toTake;
    return this.#leastRecent((state) => !state.isDrained && this.#isAway(state) && hasCapacity(state));
  }

  #toTake(now: number, starts: number, hasCapacity: (state: QueueState) => boolean): QueueState | undefined {
    const stay = this.#stayWith(now, starts);
    // Its take is under way, as that of an only queue would be.
    if (stay !== undefined && stay.openTakes > 0) return undefined;
    const mayHaveJobs = stay === undefined ? this.#mayHaveJobs(now, starts) : undefined;
    return this.#leastRecent((state) => (mayHaveJobs?.(state) ?? state === stay) && hasCapacity(state));
  }

  /** Whether takes stay with the queue, or no other queue that may have jobs was taken from less recently. */
  isFirstToTake(state: QueueState, now: number, starts = Number.POSITIVE_INFINITY): boolean {
    if (state.lacksLease || state.isDropped || this.#isAway(state)) return false;
    if (this.#states.length === 1) return true;
    const stay = this.#stayWith(now, starts);
    if (stay !== undefined) return state === stay;
    const mayHaveJobs = this.#mayHaveJobs(now, starts);
    return !this.#states.some((other) => other.lastTake < state.lastTake && mayHaveJobs(other));
  }

  /** Whether a blocking read is the way to learn about more jobs, of all queues whose primary answers. */
  get areAllDrained(): boolean {
    const { hasMany } = this.#inFlight;
    const isOpen = ({ keys }: QueueState) => this.#inFlight.of(keys).isOpen;
    const isReady = (state: QueueState) => isReadyToWait(state) || (hasMany && !isOpen(state));
    return this.#states.every(isReady) && (this.#states.length === 0 || this.#states.some(isOpen));
  }

  /** A take of the queue begins, or has come back. Takes stay with it if the last one left some, and no other queue has the stay. */
  taking(state: QueueState, now: number): void {
    if (state.hasMore && this.#stayWith(now, Number.POSITIVE_INFINITY) === undefined) {
      this.#stay = { state, until: now + STAY_MS };
    }
  }

  /** The queue with which takes stay: until it is drained, or may not be taken from, or its time is over. */
  #stayWith(now: number, starts: number): QueueState | undefined {
    if (this.#stay === undefined) return undefined;
    const { state, until } = this.#stay;
    const { hasMore, isDrained, lacksLease, isDropped, allowsReadAhead } = state;
    const mayTake = hasMore && !isDrained && !lacksLease && !isDropped && (allowsReadAhead || starts >= 1);
    return mayTake && now < until && this.#mayTakeFrom(state) ? state : undefined;
  }

  /** Of several primaries, that of the queue does not answer. */
  #isAway({ keys }: QueueState): boolean {
    const primary = this.#inFlight.of(keys);
    return primary.isOneOfMany && primary.isAway;
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
      if ((!state.allowsReadAhead && starts < 1) || !this.#mayTakeFrom(state)) return false;
      if (!state.isDrained || now >= state.nextDueAt) return true;
      isWaiting ??=
        this.#inFlight.isReading || this.#states.every((one) => one.isDrained || this.#isAway(one));
      return !isWaiting && now - state.lastTakeAt >= CHECK_EVERY_MS;
    };
  }

  #mayTakeFrom({ keys }: QueueState): boolean {
    return this.#inFlight.of(keys).isOpen;
  }
}
