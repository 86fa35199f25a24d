import { closeSync, openSync, readSync } from 'node:fs';
import { parseWorkerName } from '../../../src/lifecycle/consumer-name.ts';

/** One run of a handler, from the journal that handlers write. Times are Unix ms. */
export interface Execution {
  /** Names this run alone. */
  readonly run: string;
  readonly key: string;
  readonly id: string;
  readonly attempt: number;
  /** The worker process that holds the job: a fault that hits it ends the run, which may go on in a process apart. */
  readonly pid: number;
  readonly startedAt: number;
  endedAt?: number;
  /** The job asked it to fail. */
  failed?: boolean;
  /** When and why its signal fired. */
  abortedAt?: number;
  cause?: string;
}

interface Line {
  event: 'start' | 'end' | 'abort';
  run: string;
  key: string;
  id: string;
  attempt: number;
  lease: string;
  at: number;
  cause?: string;
  failed?: boolean;
}

const CHUNK = 1 << 20;

/** Reads what handlers wrote, as far as it goes. */
export class HandlerJournal {
  readonly file: string;
  readonly #fd: number;
  readonly #runs = new Map<string, Execution>();
  readonly #buffer = Buffer.alloc(CHUNK);
  #offset = 0;
  #rest = '';
  #ended = 0;

  constructor(file: string) {
    this.file = file;
    this.#fd = openSync(file, 'a+', 0o600);
  }

  /** Executions so far, in the order of their starts. */
  get executions(): Execution[] {
    this.#read();
    return [...this.#runs.values()];
  }

  /** Executions that came to their end so far. */
  get ended(): number {
    this.#read();
    return this.#ended;
  }

  /** When the first handler started that did so after this moment, Unix ms. */
  startedSince(after: number): number | undefined {
    return this.executions.find(({ startedAt }) => startedAt > after)?.startedAt;
  }

  /** Those of a process that have started and not ended. */
  inFlight(pids: readonly number[]): Execution[] {
    return this.executions.filter((run) => run.endedAt === undefined && pids.includes(run.pid));
  }

  close(): void {
    this.#read();
    closeSync(this.#fd);
  }

  #read(): void {
    for (;;) {
      const length = readSync(this.#fd, this.#buffer, 0, CHUNK, this.#offset);
      if (length === 0) return;
      this.#offset += length;
      const lines = (this.#rest + this.#buffer.toString('latin1', 0, length)).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.#take(JSON.parse(line) as Line);
    }
  }

  #take({ event, at, cause, failed, lease, ...line }: Line): void {
    if (event === 'start') {
      const { pid } = parseWorkerName(lease);
      if (pid === undefined) throw new Error(`not the lease of a worker process: ${lease}`);
      this.#runs.set(line.run, { ...line, pid, startedAt: at });
      return;
    }
    const run = this.#runs.get(line.run);
    if (run === undefined) throw new Error(`${event} of an execution that never started: ${line.run}`);
    if (event === 'end') {
      run.endedAt = at;
      if (failed === true) run.failed = true;
      this.#ended += 1;
    } else {
      run.abortedAt = at;
      if (cause !== undefined) run.cause = cause;
    }
  }
}
