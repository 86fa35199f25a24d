import type { Clock } from '../../src/clock.ts';
import type { QueueState } from '../intake/queue-state.ts';

/** A queue that a process should have read. */
export interface UnreadQueue {
  readonly queue: string;
  /** Since its last read; absent before the first. */
  readonly forMs?: number;
}

export interface ReadWatchParts {
  readonly states: readonly QueueState[];
  readonly limiter: { readonly freeSlots: number };
  readonly clock: Pick<Clock, 'monotonic'>;
  /** How long a read may block, ms. */
  readonly blockMs: number;
}

/**
 * Says whether each queue was really read lately: a take or a blocking read of it has come back within twice the time that
 * a read may block. A process with all its slots in use need not read.
 */
export class ReadWatch {
  readonly #parts: ReadWatchParts;
  /** When all slots were last seen in use, monotonic ms. */
  #fullAt = Number.NEGATIVE_INFINITY;

  constructor(parts: ReadWatchParts) {
    this.#parts = parts;
  }

  /** The queue that was read least recently, if that is too long ago. Call it every second: it looks at the slots, too. */
  check(): UnreadQueue | undefined {
    const { states, limiter, clock, blockMs } = this.#parts;
    const now = clock.monotonic();
    if (limiter.freeSlots <= 0) this.#fullAt = now;
    let oldestAt = now - 2 * blockMs;
    if (this.#fullAt >= oldestAt) return undefined;
    let queue: string | undefined;
    for (const { isDropped, keys, readAt, lastTakeAt } of states) {
      const at = Math.max(readAt, lastTakeAt);
      if (isDropped || at >= oldestAt) continue;
      oldestAt = at;
      queue = keys.queue;
    }
    if (queue === undefined) return undefined;
    return { queue, ...(Number.isFinite(oldestAt) && { forMs: Math.round(now - oldestAt) }) };
  }
}
