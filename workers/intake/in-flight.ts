import type { QueueState } from './queue-state.ts';

/** One turn on its way. */
export interface Trip {
  readonly state: QueueState;
  /** Jobs asked for. */
  readonly count: number;
  /** Slots that it will need beyond those that it frees. */
  readonly promised: number;
}

/** While one turn is on its way, the jobs that the other brought run. */
const MAX_IN_FLIGHT = 2;

/** The turns and reads that are on their way, and the slots that are promised to what they bring. */
export class InFlight {
  #inFlight = 0;
  #takes = 0;
  #reserved = 0;
  #reads = 0;
  #looks = 0;

  get mayDepart(): boolean {
    return this.#inFlight < MAX_IN_FLIGHT;
  }

  /** Turns on their way that take. */
  get takes(): number {
    return this.#takes;
  }

  get reserved(): number {
    return this.#reserved;
  }

  /** Whether a read is open that would bring what comes into any queue. */
  get isWatching(): boolean {
    return this.#reads > 0;
  }

  depart({ state, count, promised }: Trip): void {
    this.#inFlight += 1;
    this.#reserved += promised;
    if (count === 0) return;
    this.#takes += 1;
    this.#looks += 1;
    state.look = this.#looks;
    state.looking += 1;
  }

  arrive({ state, count, promised }: Trip): void {
    this.#inFlight -= 1;
    this.#reserved -= promised;
    if (count === 0) return;
    this.#takes -= 1;
    state.looking -= 1;
  }

  /** A blocking read begins, which needs a slot for what it brings; ends with `unwatch`. */
  watch(): void {
    this.#reads += 1;
    this.#reserved += 1;
  }

  unwatch(): void {
    this.#reads -= 1;
    this.#reserved -= 1;
  }
}
