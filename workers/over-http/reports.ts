import { encodeCheckpoint } from '../../src/attempts/checkpoint.ts';
import { logLine, type NewLogLine } from '../../src/attempts/log-lines.ts';
import { encodeProgress } from '../../src/attempts/progress.ts';
import { MAX_LOG_LINES } from '../../src/lifecycle/scripts/reports/append-log.ts';
import type { LogLevel } from '../../src/tasks/types.ts';
import { type Api, Refusal } from './api.ts';

/** Progress and log lines of one attempt are sent at most this often. */
const SEND_EVERY_MS = 500;
/** One that the API is silent to is dropped after this time. */
const SEND_PATIENCE_MS = 5_000;

export interface ReportsParts {
  readonly api: Api;
  readonly id: string;
  readonly lease: string;
  /** Fires when the attempt is over. */
  readonly over: AbortSignal;
  readonly onTrouble: (error: unknown) => void;
  /** The job runs elsewhere. */
  readonly onLost: () => void;
}

/** What one attempt reports while it runs. Progress and lines that cannot be sent are dropped, as the next ones follow. */
export class Reports {
  readonly #parts: ReportsParts;
  #progress: string | undefined;
  #lines: NewLogLine[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(parts: ReportsParts) {
    this.#parts = parts;
  }

  /** @throws what `encodeProgress` does. */
  progress(value: unknown): void {
    this.#progress = encodeProgress(value);
    this.#sendSoon();
  }

  log(text: string, level: LogLevel | undefined): void {
    this.#lines.push(logLine(text, level));
    // A log keeps no more.
    if (this.#lines.length > 2 * MAX_LOG_LINES) this.#lines.splice(0, MAX_LOG_LINES);
    this.#sendSoon();
  }

  /** Resolves once the value is stored. Rejects when it cannot be; the former one then stays. */
  async checkpoint(value: unknown): Promise<void> {
    const { api, over, onTrouble } = this.#parts;
    const text = encodeCheckpoint(value);
    const stored = this.#sending.then(() =>
      api.persist('POST', this.#path('checkpoint'), this.#body('checkpoint', text), over, onTrouble),
    );
    this.#sending = stored.then(
      () => undefined,
      (error) => this.#failed(error),
    );
    await stored;
  }

  /** Sends what is left, before the outcome. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#progress = undefined;
    this.#send();
    await this.#sending;
  }

  #sendSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#send();
    }, SEND_EVERY_MS);
  }

  /** One after the other, so that the API has them in their order. */
  #send(): void {
    const { api } = this.#parts;
    const [progress, lines] = [this.#progress, this.#lines.slice(-MAX_LOG_LINES)];
    this.#progress = undefined;
    this.#lines = [];
    const reports: [string, string][] = [];
    if (lines.length > 0) reports.push(['log', JSON.stringify(lines)]);
    if (progress !== undefined) reports.push(['progress', progress]);
    for (const [name, text] of reports) {
      this.#sending = this.#sending
        .then(() =>
          api.send<unknown>('POST', this.#path(name), this.#body(name, text), undefined, SEND_PATIENCE_MS),
        )
        .then(
          () => undefined,
          (error) => this.#failed(error),
        );
    }
  }

  readonly #path = (verb: string) => `/jobs/${encodeURIComponent(this.#parts.id)}/${verb}`;

  readonly #body = (name: string, text: string) =>
    `{"lease":${JSON.stringify(this.#parts.lease)},"${name}":${text}}`;

  #failed(error: unknown): void {
    if (this.#parts.over.aborted) return;
    if (isStale(error)) this.#parts.onLost();
    else this.#parts.onTrouble(error);
  }
}

/** Whether the lease does not hold the job any more: it runs elsewhere, or has ended. */
export const isStale = (error: unknown): boolean =>
  error instanceof Refusal && (error.status === 404 || error.status === 409 || error.status === 410);
