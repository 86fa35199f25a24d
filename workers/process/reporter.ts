import type { JobMetrics } from '../../src/telemetry/metrics/job-metrics.ts';
import type { ToSupervisor } from '../supervisor/ipc.ts';
import type { ReadWatch } from './read-watch.ts';

/** How often a process of a worker with HEALTH_PORT reports. */
export const REPORT_EVERY_MS = 1_000;

export interface ReporterParts {
  /** Absent in a process that takes no jobs. */
  readonly readWatch: ReadWatch | undefined;
  /** Absent with METRICS=off. */
  readonly metrics: JobMetrics | undefined;
  readonly send: (message: ToSupervisor) => void;
}

/** Reports to the supervisor what its /readyz and /metrics show of this process. A blocked event loop reports nothing. */
export class Reporter {
  readonly #parts: ReporterParts;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#report();
    this.#timer = setInterval(this.#report, REPORT_EVERY_MS);
  }

  /** Reports a last time. */
  stop(): void {
    clearInterval(this.#timer);
    this.#report();
  }

  readonly #report = (): void => {
    const { readWatch, metrics, send } = this.#parts;
    const unread = readWatch?.check();
    const batch = metrics?.takeBatch();
    send({ type: 'report', ...(unread && { unread }), ...(batch && { metrics: batch }) });
  };
}
