import { lineText, logLine, serviceLevel } from '../../../src/attempts/log-lines.ts';
import type { Clock } from '../../../src/clock.ts';
import type { Consumer } from '../../../src/lifecycle/consumer.ts';
import type { Observer } from '../../../src/observer.ts';
import type { Entry } from '../../../src/redis/entry.ts';
import { maxAttempts } from '../../../src/redis/entry-options.ts';
import { parseJson } from '../../../src/redis/parse-json.ts';
import type { LoadedTask, LogLevel, TaskContext } from '../../../src/tasks/types.ts';
import type { PersistentWriter } from '../persistent-writer.ts';
import type { RunningJob } from '../running-job.ts';
import { CheckpointWriter } from './checkpoint-writer.ts';
import { LogWriter } from './log-writer.ts';
import { progressReporter } from './progress-reporter.ts';

export interface ContextParts {
  consumer: Consumer;
  clock: Clock;
  writer: Pick<PersistentWriter, 'checkpoint'>;
  observe: Observer;
}

/** What a handler receives beside the payload. Call `close` when the attempt has ended. */
export class AttemptContext implements TaskContext {
  readonly job: TaskContext['job'];
  declare readonly trace?: TaskContext['trace'];
  declare readonly signal: AbortSignal;
  declare readonly checkpoint: TaskContext['checkpoint'];
  declare readonly lastCheckpoint?: unknown;
  readonly #parts: ContextParts;
  readonly #running: RunningJob;
  #reporter: ReturnType<typeof progressReporter> | undefined;
  #checkpoints: CheckpointWriter | undefined;
  #log: LogWriter | undefined;
  #closed = false;

  /**
   * Own properties, so that copies of the context have them, and getters, so that they are made only on use. One
   * descriptor for all: a getter per object would give each a hidden class, which lives until a full GC.
   */
  static readonly #signal: PropertyDescriptor & ThisType<AttemptContext> = {
    enumerable: true,
    get() {
      return this.#running.signal;
    },
  };
  static readonly #checkpoint: PropertyDescriptor & ThisType<AttemptContext> = {
    enumerable: true,
    get() {
      this.#checkpoints ??= new CheckpointWriter(this.#parts.writer, this.#running);
      return this.#checkpoints.write;
    },
  };

  constructor(parts: ContextParts, running: RunningJob, entry: Entry, task: LoadedTask) {
    this.#parts = parts;
    this.#running = running;
    const limit = maxAttempts(entry.options, task);
    this.job = {
      id: running.id,
      queue: running.delivery.keys.queue,
      task: entry.task,
      attempt: running.attempt,
      maxAttempts: limit === 'unlimited' ? Number.POSITIVE_INFINITY : limit,
      lease: parts.consumer.name,
      ...(entry.options.y !== undefined && { key: entry.options.y }),
      // A copy: jobs with equal options share one object.
      ...(entry.options.m && { metadata: { ...entry.options.m } }),
    };
    const { trace } = running;
    if (trace !== undefined) this.trace = trace;
    Object.defineProperty(this, 'signal', AttemptContext.#signal);
    Object.defineProperty(this, 'checkpoint', AttemptContext.#checkpoint);
    const { checkpoint } = running.delivery;
    if (checkpoint !== undefined) this.lastCheckpoint = parseJson(checkpoint);
  }

  // Arrow functions, so that a handler may destructure the context.
  readonly progress = (value: unknown): void => {
    if (this.#closed) return;
    this.#reporter ??= progressReporter(this.#parts.consumer, this.#running, this.#parts.observe);
    this.#reporter.report(value);
  };

  readonly log = (text: string, level?: LogLevel): void => {
    const { id, queue, task, lease } = this.job;
    const message = lineText(text);
    const line = logLine(message, level);
    this.#parts.observe({
      ...{ kind: 'task-log', queue, task, job: id, lease },
      ...{ text: message, level: serviceLevel(line) },
    });
    if (this.#closed) return;
    this.#log ??= new LogWriter(this.#parts, this.#running);
    this.#log.add(line);
  };

  close(): void {
    this.#closed = true;
    this.#reporter?.stop();
    this.#checkpoints?.close();
    this.#log?.close();
  }
}
