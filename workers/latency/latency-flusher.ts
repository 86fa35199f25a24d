import type { Clock } from '../../src/clock.ts';
import type { Consumer } from '../../src/lifecycle/consumer.ts';
import type { QueueState } from '../intake/queue-state.ts';
import { FLUSH_EVERY_MS } from './latency-tally.ts';

const WRITE_ONLY = { count: 0, classes: [], tokens: [], begun: [], favouredLane: 0, share: 0 };

/** Sees that latency counts reach Redis when no call takes them along. */
export class LatencyFlusher {
  readonly #onDue: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param onDue called when counts have waited long enough: a call should then write them. */
  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** Starts the wait if the queue has counts that were not written. */
  scheduleFor({ latency }: QueueState): void {
    if (latency.isEmpty || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#onDue();
    }, FLUSH_EVERY_MS).unref();
  }

  /** Writes all counts now. */
  async flush(consumer: Consumer, states: readonly QueueState[], clock: Clock): Promise<void> {
    clearTimeout(this.#timer);
    for (const { keys, latency } of states) {
      if (latency.isEmpty) continue;
      await consumer.completeAndTake(keys, [], latency.takeAll(clock.monotonic()), clock.wall(), WRITE_ONLY);
    }
  }
}
