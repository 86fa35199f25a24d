import type { Clock } from '../../src/clock.ts';
import type { UnreadQueue } from '../process/read-watch.ts';
import { REPORT_EVERY_MS } from '../process/reporter.ts';

/** Silence shorter than this is normal, ms. */
const NORMAL_SILENCE_MS = 3 * REPORT_EVERY_MS;

/** What the supervisor knows about one process from its reports (see process/reporter.ts). */
export class ReportMonitor {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #heardAt: number;
  #unread: UnreadQueue | undefined;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#heardAt = clock.monotonic();
  }

  record(unread: UnreadQueue | undefined): void {
    this.#heardAt = this.#clock.monotonic();
    this.#unread = unread;
  }

  /** Why the process does not do its work, for people; undefined when it does. */
  get fault(): string | undefined {
    const silentMs = this.#clock.monotonic() - this.#heardAt;
    if (silentMs > NORMAL_SILENCE_MS) {
      return `its event loop has not moved for ${(silentMs / 1_000).toFixed(1)} s`;
    }
    if (this.#unread === undefined) return undefined;
    const { queue, forMs } = this.#unread;
    if (forMs === undefined) return `it has not read queue ${queue} yet`;
    return `it has not read queue ${queue} for ${(forMs / 1_000).toFixed(1)} s`;
  }
}
