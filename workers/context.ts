import type { Observer } from '../src/observer.ts';
import type { Consumer } from '../src/queue/consume.ts';
import { type Entry, maxAttempts } from '../src/redis/entry.ts';
import type { LoadedTask, TaskContext } from '../src/tasks/types.ts';
import { progressReporter } from './progress.ts';
import type { Running } from './running.ts';

/** What a handler is given beside the payload; `close` is to be called when its attempt has ended. */
export function makeContext(
  { consumer, observe }: { consumer: Consumer; observe: Observer },
  running: Running,
  entry: Entry,
  task: LoadedTask,
): { ctx: TaskContext; close: () => void } {
  let reporter: ReturnType<typeof progressReporter> | undefined;
  let closed = false;
  const ctx: TaskContext = {
    job: {
      id: running.id,
      queue: running.delivery.keys.queue,
      task: entry.task,
      attempt: running.attempt,
      maxAttempts: maxAttempts(entry.options, task),
      lease: consumer.name,
    },
    // Made only for those who ask for it, and there for those who copy the context.
    get signal() {
      return running.signal;
    },
    progress: (value) => {
      if (closed) return;
      reporter ??= progressReporter(consumer, running, observe);
      reporter.report(value);
    },
    log: (text) => observe({ kind: 'task-log', job: running.id, task: entry.task, text: String(text) }),
  };
  return {
    ctx,
    close: () => {
      closed = true;
      reporter?.stop();
    },
  };
}
