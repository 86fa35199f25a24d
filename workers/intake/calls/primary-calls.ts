import type { CallBackoff } from './call-backoff.ts';

/** Looks, some seconds: a queue of a primary that is away is looked at more often. */
const FORGET_AFTER = 20;

/** Calls to one primary of Redis, and whether it answers. A Cluster has several. */
export class PrimaryCalls {
  /** As its slots name it; '' for the only one. */
  readonly name: string;
  readonly backoff: CallBackoff;
  /** Whether there are others, which go on while this one is away. */
  readonly isOneOfMany: boolean;
  /** Calls under way, and those of them that take jobs. */
  calls = 0;
  openTakes = 0;
  /** Free slots that these calls will need. */
  reservedSlots = 0;
  /** Nothing is taken from its queues while this is above 0. */
  holds = 0;
  /** Looks at it since a queue of it was looked at. */
  unusedFor = 0;
  #isSlow = false;
  /** Calls that have ended since the last look at it. */
  #ended = 0;
  #hadCalls = false;

  constructor(name: string, backoff: CallBackoff, isOneOfMany: boolean) {
    this.name = name;
    this.backoff = backoff;
    this.isOneOfMany = isOneOfMany;
  }

  /** Nobody waits for it: calls to it have failed, or do not come back. Its next call only asks whether it is there again. */
  get isAway(): boolean {
    return this.isOneOfMany ? this.#isSlow || this.backoff.isUnreached : this.backoff.isPaused;
  }

  /** Whether takes may go to it. */
  get isOpen(): boolean {
    return !this.isAway && this.holds === 0;
  }

  /** It was away, and serves none of our queues any more. */
  get isGone(): boolean {
    const isIdle = this.calls + this.holds === 0 && !this.backoff.isPaused;
    return this.isAway && isIdle && this.unusedFor >= FORGET_AFTER;
  }

  ended(): void {
    this.#ended += 1;
    this.#isSlow = false;
  }

  /** A call that was under way at the last look, too, has not come back. Returns whether this is new. */
  look(): boolean {
    const wasSlow = this.#isSlow;
    this.#isSlow = this.calls > 0 && this.#hadCalls && this.#ended === 0;
    this.#ended = 0;
    this.#hadCalls = this.calls > 0;
    this.unusedFor += 1;
    return this.#isSlow && !wasSlow;
  }
}
