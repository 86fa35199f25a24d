import { lastKept, lineTail, type NewLogLine } from '../../../src/attempts/log-lines.ts';
import type { Clock } from '../../../src/clock.ts';
import type { Consumer } from '../../../src/lifecycle/consumer.ts';
import { MAX_LOG_BYTES, MAX_LOG_LINES } from '../../../src/lifecycle/scripts/reports/append-log.ts';
import { toFaultEvent } from '../../../src/maintenance/fault-event.ts';
import type { Observer } from '../../../src/observer.ts';
import type { RunningJob } from '../running-job.ts';

/** Lines of one attempt are written at most this often. */
const WRITE_EVERY_MS = 200;

interface TimedLine extends NewLogLine {
  /** Monotonic ms. */
  readonly at: number;
}

export interface LogWriterParts {
  readonly consumer: Pick<Consumer, 'appendLog'>;
  readonly clock: Clock;
  readonly observe: Observer;
}

/**
 * Writes the lines of one attempt to the log of its job, many at a time. Between two writes it keeps what a log keeps: of an
 * attempt that writes more, the oldest lines are dropped and counted.
 */
export class LogWriter {
  readonly #parts: LogWriterParts;
  readonly #running: RunningJob;
  #lines: TimedLine[] = [];
  #length = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #isWriting = false;
  #isClosed = false;

  constructor(parts: LogWriterParts, running: RunningJob) {
    this.#parts = parts;
    this.#running = running;
  }

  add(line: NewLogLine): void {
    this.#lines.push({ ...line, at: this.#parts.clock.monotonic() });
    this.#length += line.message.length;
    if (this.#lines.length > 2 * MAX_LOG_LINES || this.#length > 2 * MAX_LOG_BYTES) this.#dropOldest();
    if (!this.#isWriting) this.#timer ??= setTimeout(() => void this.#write(), WRITE_EVERY_MS);
  }

  /** Writes what is left. The outcome of the attempt goes over the same connection afterwards, so Redis has the lines first. */
  close(): void {
    this.#isClosed = true;
    void this.#write();
  }

  /** A log keeps no more than this, whatever the lines are in bytes. */
  #dropOldest(): void {
    let first = Math.max(0, this.#lines.length - MAX_LOG_LINES);
    for (const { message } of this.#lines.slice(0, first)) this.#length -= message.length;
    for (; this.#length > MAX_LOG_BYTES; first += 1) this.#length -= this.#lines[first]?.message.length ?? 0;
    this.#lines = this.#lines.slice(first);
    this.#dropped += first;
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    const { consumer, clock, observe } = this.#parts;
    const { ref, first, token, attempt, delivery } = this.#running;
    const [lines, dropped] = [this.#lines, this.#dropped];
    this.#clear();
    const now = clock.monotonic();
    const timed = lines.map((line) => ({ ageMs: now - line.at, tail: lineTail(line) }));
    this.#isWriting = true;
    try {
      const batch = { first, attempt, ...lastKept(timed, dropped) };
      const isOwner = await consumer.appendLog(delivery.keys, { ref, token }, batch);
      if (!isOwner && !this.#isClosed) this.#running.abort('lease-lost');
    } catch (error) {
      observe(toFaultEvent('job log', error));
      // They are in the log of the worker, too.
      this.#dropped += dropped + lines.length;
    }
    this.#isWriting = false;
    if (this.#lines.length > 0 && !this.#isClosed) {
      this.#timer ??= setTimeout(() => void this.#write(), WRITE_EVERY_MS);
    }
  }

  #clear(): void {
    this.#lines = [];
    this.#length = 0;
    this.#dropped = 0;
  }
}
