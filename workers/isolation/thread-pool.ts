import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Outcome } from '../../src/lifecycle/outcome.ts';
import type { TaskContext } from '../../src/tasks/types.ts';
import { type FromIsolated, type IsolatedTask, onAbort, onMessage } from './isolated-attempt.ts';

/** What a thread is given for one attempt. */
export interface ThreadTask extends IsolatedTask {
  port: MessagePort;
}

/** A thread that has nothing to do for this long ends. */
const IDLE_MS = 30_000;

/** This file is `.ts` under a loader and `.js` when built; the thread's entry is beside it. */
const THREAD_ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './thread-entry.ts' : './thread-entry.js',
  import.meta.url,
);

/** Runs handlers in worker threads, which can be killed whatever they do. */
export class ThreadPool {
  readonly #size: number;
  #pool: Piscina | undefined;

  /** @param size most threads at a time; none is made before the first is needed. */
  constructor(size: number) {
    this.#size = size;
  }

  /**
   * Runs one attempt. The handler's signal fires with `signal`; when `kill` fires, its thread ends and the
   * promise rejects.
   */
  async run(task: IsolatedTask, ctx: TaskContext, kill: AbortSignal): Promise<Outcome> {
    this.#pool ??= new Piscina({
      filename: THREAD_ENTRY.href,
      minThreads: 0,
      maxThreads: this.#size,
      idleTimeout: IDLE_MS,
    });
    const { port1, port2 } = new MessageChannel();
    port1.on('message', (message: FromIsolated) => onMessage(ctx, message));
    const unlisten = onAbort(ctx, (message) => port1.postMessage(message));
    const threadTask: ThreadTask = { ...task, port: port2 };
    try {
      return (await this.#pool.run(threadTask, { signal: kill, transferList: [port2] })) as Outcome;
    } finally {
      unlisten();
      // The outcome comes another way, and may overtake what was said before it.
      for (let left = receiveMessageOnPort(port1); left; left = receiveMessageOnPort(port1)) {
        onMessage(ctx, left.message as FromIsolated);
      }
      port1.close();
    }
  }

  async close(): Promise<void> {
    await this.#pool?.destroy();
  }
}
