import type { Consumer } from '../../src/lifecycle/consumer.ts';
import type { Observer } from '../../src/observer.ts';
import type { Entry } from '../../src/redis/entry.ts';
import { maxAttempts } from '../../src/redis/entry-options.ts';
import type { LoadedTask, TaskContext } from '../../src/tasks/types.ts';
import { progressReporter } from './progress-reporter.ts';
import type { RunningJob } from './running-job.ts';

export interface ContextParts {
  consumer: Consumer;
  observe: Observer;
}

/** What a handler receives beside the payload. Call `close` when the attempt has ended. */
export class AttemptContext implements TaskContext {
  readonly job: TaskContext['job'];
  declare readonly signal: AbortSignal;
  readonly #parts: ContextParts;
  readonly #running: RunningJob;
  #reporter: ReturnType<typeof progressReporter> | undefined;
  #closed = false;

  /**
   * An own property, so that copies of the context have it, and a getter, so that a signal is made only on use. One
   * descriptor for all: a getter per object would give each a hidden class, which lives until a full GC.
   */
  static readonly #signal: PropertyDescriptor & ThisType<AttemptContext> = {
    enumerable: true,
    get() {
      return this.#running.signal;
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
      // A copy: jobs with equal options share one object.
      ...(entry.options.m && { metadata: { ...entry.options.m } }),
    };
    Object.defineProperty(this, 'signal', AttemptContext.#signal);
  }

  // Arrow functions, so that a handler may destructure the context.
  readonly progress = (value: unknown): void => {
    if (this.#closed) return;
    this.#reporter ??= progressReporter(this.#parts.consumer, this.#running, this.#parts.observe);
    this.#reporter.report(value);
  };

  readonly log = (text: string): void => {
    const { id, queue, task, lease } = this.job;
    this.#parts.observe({ kind: 'task-log', queue, task, job: id, lease, text: String(text) });
  };

  close(): void {
    this.#closed = true;
    this.#reporter?.stop();
  }
}
