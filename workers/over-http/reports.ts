import { setTimeout as sleep } from 'node:timers/promises';
import { encodeCheckpoint } from '../../src/attempts/checkpoint.ts';
import { lastKept, lineTail, logLine, type NewLogLine } from '../../src/attempts/log-lines.ts';
import { encodeProgress } from '../../src/attempts/progress.ts';
import { systemClock } from '../../src/clock.ts';
import { MAX_LOG_LINES } from '../../src/lifecycle/scripts/reports/append-log.ts';
import type { LogLevel } from '../../src/tasks/types.ts';
import { SETTLED } from './answers.ts';
import { type Api, mayPass, pauseMs, Refusal } from './api.ts';

/** Progress and log lines of one attempt are sent at most this often. */
const SEND_EVERY_MS = 500;
/** The API is silent to a report when this time has passed. */
const SEND_PATIENCE_MS = 5_000;

export interface ReportsParts {
  readonly api: Api;
  readonly id: string;
  readonly lease: string;
  readonly leaseMs: number;
  /** Fires when the attempt is over. */
  readonly over: AbortSignal;
  readonly onTrouble: (error: unknown) => void;
  /** The job runs elsewhere. */
  readonly onLost: () => void;
}

/**
 * What one attempt reports while it runs. Lines that the API does not take now are sent later. Progress that cannot be sent is dropped,
 * as the next one follows.
 */
export class Reports {
  readonly #parts: ReportsParts;
  #progress: string | undefined;
  #lines: NewLogLine[] = [];
  #timer: NodeJS.Timeout | undefined;
  #tries = 0;
  /** The wait before lines are sent again, ms. */
  #pauseMs = 0;
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
    if (this.#lines.length > 2 * MAX_LOG_LINES) this.#lines = lastLines(this.#lines);
    this.#sendSoon();
  }

  /** Resolves once the value is stored. Rejects when it cannot be; the former one then stays. */
  async checkpoint(value: unknown): Promise<void> {
    const { api, over, onTrouble } = this.#parts;
    const text = encodeCheckpoint(value);
    const stored = this.#sending.then(() =>
      api.persist('POST', this.#path('checkpoint'), this.#body('checkpoint', text), SETTLED, over, onTrouble),
    );
    this.#sending = stored.then(
      () => undefined,
      (error) => this.#failed(error),
    );
    await stored;
  }

  /** Sends the lines that are left, before the outcome, which waits for them at most as long as a lease lasts. */
  async end(): Promise<void> {
    const { over, leaseMs } = this.#parts;
    const limit = systemClock.monotonic() + leaseMs;
    clearTimeout(this.#timer);
    for (;;) {
      this.#progress = undefined;
      await this.#sendInTurn();
      if (this.#lines.length === 0 || over.aborted || systemClock.monotonic() >= limit) return;
      await sleep(this.#pauseMs, undefined, { signal: over }).catch(() => undefined);
    }
  }

  #sendSoon(): void {
    this.#timer ??= setTimeout(
      async () => {
        await this.#sendInTurn();
        this.#timer = undefined;
        const isLeft = this.#lines.length > 0 || this.#progress !== undefined;
        if (isLeft && !this.#parts.over.aborted) this.#sendSoon();
      },
      Math.max(SEND_EVERY_MS, this.#pauseMs),
    );
  }

  /** One after the other, so that the API has them in their order. */
  #sendInTurn(): Promise<void> {
    this.#sending = this.#sending.then(this.#send);
    return this.#sending;
  }

  readonly #send = async (): Promise<void> => {
    const lines = lastLines(this.#lines);
    this.#lines = [];
    const failure = lines.length > 0 ? await this.#try('log', JSON.stringify(lines)) : undefined;
    if (failure !== undefined && mayPass(failure)) {
      this.#lines.unshift(...lines);
      this.#pauseMs = pauseMs(this.#tries, failure);
      this.#tries += 1;
      return;
    }
    this.#pauseMs = 0;
    this.#tries = 0;
    const progress = this.#progress;
    this.#progress = undefined;
    if (progress !== undefined) await this.#try('progress', progress);
  };

  /** Resolves to the error when the report was not taken. */
  async #try(name: string, text: string): Promise<unknown> {
    const { api, over } = this.#parts;
    try {
      await api.send('POST', this.#path(name), this.#body(name, text), SETTLED, over, SEND_PATIENCE_MS);
      return undefined;
    } catch (error) {
      this.#failed(error);
      return error;
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

/** The last lines, as many as a log keeps. */
const lastLines = (lines: readonly NewLogLine[]): NewLogLine[] => {
  const tails = lines.map((line) => ({ ageMs: 0, tail: lineTail(line) }));
  return lines.slice(lines.length - lastKept(tails, 0).lines.length);
};

/** Whether the lease does not hold the job any more: it runs elsewhere, or has ended. */
export const isStale = (error: unknown): boolean =>
  error instanceof Refusal && (error.status === 404 || error.status === 409 || error.status === 410);
