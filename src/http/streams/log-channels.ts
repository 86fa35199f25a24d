import type { LogReading } from '../../jobs/scripts/read-log.ts';
import { isUnavailable } from '../../redis/faults.ts';
import type { LogLine } from '../../schemas/jobs/log.ts';

/** A client that follows the log of a job. */
export interface LogReader {
  readonly isClosed: boolean;
  /** Gets new lines, never empty. `dropped`: lines before these that are not kept. */
  log(lines: readonly LogLine[], dropped: number): void;
  /** The log cannot be read because of a defect. */
  fail(): void;
}

/** Where the log of a job is read. */
export interface LogSource {
  /** The kept lines after that line. */
  readonly read: (after: number) => Promise<LogReading>;
  /** Calls `wake` when the log may have got lines. Resolves, once none can be missed, to the function that ends this. */
  readonly follow: (wake: () => void) => Promise<() => void>;
}

const RETRY_MS = 1_000;

/** All readers of the log of one job. New lines are read once for all of them. */
class LogChannel {
  readonly #source: LogSource;
  readonly #onDefect: (error: unknown) => void;
  /** Each with the number of the last line that it has got; without those that join. */
  readonly #seen = new Map<LogReader, number>();
  #users = 0;
  readonly #following: Promise<() => void>;
  #reading: Promise<void> | undefined;
  #isWoken = false;

  constructor(source: LogSource, onDefect: (error: unknown) => void) {
    this.#source = source;
    this.#onDefect = onDefect;
    this.#following = source.follow(this.#wake);
    // Each reader that joins hears of the fault.
    this.#following.catch(() => undefined);
  }

  /** Delivers the kept lines since a time, Unix ms, then new ones as they come. */
  async join(reader: LogReader, sinceMs: number | undefined): Promise<void> {
    this.#users += 1;
    await this.#following;
    const { lines, total } = await this.#source.read(0);
    const wanted = sinceMs === undefined ? lines : lines.filter(({ at }) => Date.parse(at) >= sinceMs);
    const [first] = wanted;
    if (first !== undefined) reader.log(wanted, sinceMs === undefined ? first.line - 1 : 0);
    if (reader.isClosed) return;
    this.#seen.set(reader, total);
    // Others may have been told of further lines since.
    await this.flush();
  }

  /** Returns whether nobody uses the channel any more. */
  leave(reader: LogReader): boolean {
    this.#seen.delete(reader);
    this.#users -= 1;
    if (this.#users > 0) return false;
    this.#following.then((unfollow) => unfollow()).catch(() => undefined);
    return true;
  }

  /** Delivers the lines so far to all readers. */
  flush(): Promise<void> {
    if (this.#seen.size === 0) return Promise.resolve();
    this.#isWoken = true;
    this.#reading ??= this.#readAll();
    return this.#reading;
  }

  readonly #wake = (): void => {
    this.flush().catch((error: unknown) => {
      if (isUnavailable(error)) {
        setTimeout(this.#wake, RETRY_MS).unref();
        return;
      }
      this.#onDefect(error);
      for (const reader of this.#seen.keys()) reader.fail();
    });
  };

  async #readAll(): Promise<void> {
    try {
      while (this.#isWoken && this.#seen.size > 0) {
        this.#isWoken = false;
        this.#deliver(await this.#source.read(Math.min(...this.#seen.values())));
      }
    } finally {
      this.#reading = undefined;
    }
  }

  #deliver({ lines, total }: LogReading): void {
    for (const [reader, seen] of this.#seen) {
      if (total <= seen) continue;
      this.#seen.set(reader, total);
      const fresh = lines.filter(({ line }) => line > seen);
      const [first] = fresh;
      if (first !== undefined && !reader.isClosed) reader.log(fresh, first.line - 1 - seen);
    }
  }
}

/** The logs of jobs that clients of this process follow. */
export class LogChannels {
  readonly #onDefect: (error: unknown) => void;
  readonly #channels = new Map<string, LogChannel>();

  /** @param onDefect called for errors other than an unavailable Redis. */
  constructor(onDefect: (error: unknown) => void) {
    this.#onDefect = onDefect;
  }

  /** Begins to deliver lines to a reader; see `LogChannel.join`. Call `leave` once afterwards, also if this has failed. */
  join(job: string, source: LogSource, reader: LogReader, sinceMs: number | undefined): Promise<void> {
    const channel = this.#channels.get(job) ?? new LogChannel(source, this.#onDefect);
    this.#channels.set(job, channel);
    return channel.join(reader, sinceMs);
  }

  leave(job: string, reader: LogReader): void {
    if (this.#channels.get(job)?.leave(reader)) this.#channels.delete(job);
  }

  /** Delivers the lines so far of a job to its readers. */
  async flush(job: string): Promise<void> {
    await this.#channels.get(job)?.flush();
  }
}
