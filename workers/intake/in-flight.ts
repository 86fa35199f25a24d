import type { QueueState } from './queue-state.ts';

/** One call of the batcher whose reply is outstanding. */
export interface Call {
  readonly state: QueueState;
  /** Jobs that it asks for; 0 when it only writes. */
  readonly count: number;
  /** The number of news of the queue when it began. */
  readonly news: number;
  /** Free slots that its jobs will need, beyond the slots of the jobs that it completes. */
  readonly reservedSlots: number;
}

/** Two, so that the jobs of one call run while the other is under way. */
const MAX_CALLS = 2;

/** Counts calls and blocking reads that are under way, and the slots reserved for the jobs that they may return. */
export class InFlight {
  #calls = 0;
  #openTakes = 0;
  #takeCount = 0;
  #reads = 0;
  #reservedSlots = 0;

  get hasCapacity(): boolean {
    return this.#calls < MAX_CALLS;
  }

  /** Calls under way that take jobs. */
  get openTakes(): number {
    return this.#openTakes;
  }

  get reservedSlots(): number {
    return this.#reservedSlots;
  }

  /** Whether a blocking read is open, which returns at once when a job enters any queue. */
  get isReading(): boolean {
    return this.#reads > 0;
  }

  startCall({ state, count, reservedSlots }: Call): void {
    this.#calls += 1;
    this.#reservedSlots += reservedSlots;
    if (count === 0) return;
    this.#openTakes += 1;
    this.#takeCount += 1;
    state.lastTake = this.#takeCount;
    state.openTakes += 1;
  }

  endCall({ state, count, reservedSlots }: Call): void {
    this.#calls -= 1;
    this.#reservedSlots -= reservedSlots;
    if (count === 0) return;
    this.#openTakes -= 1;
    state.openTakes -= 1;
  }

  startRead(): void {
    this.#reads += 1;
    this.#reservedSlots += 1;
  }

  endRead(): void {
    this.#reads -= 1;
    this.#reservedSlots -= 1;
  }
}
