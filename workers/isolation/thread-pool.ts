import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Outcome } from '../../src/attempts/outcome.ts';
import type { TaskContext } from '../../src/tasks/types.ts';
import { applyMessage, type FromIsolated, forwardAbort, type IsolatedTask } from './isolated-attempt.ts';

/** Input of a thread for one attempt. */
export interface ThreadTask extends IsolatedTask {
  port: MessagePort;
}

/** A thread that is idle for this long ends. */
const IDLE_MS = 30_000;

/** This file is `.ts` under a loader and `.js` when built, and so is the entry. */
const THREAD_ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './thread-entry.ts' : './thread-entry.js',
  import.meta.url,
);

/** Runs handlers in worker threads, which can be killed even while they block. */
export class ThreadPool {
  readonly #size: number;
  #pool: Piscina | undefined;

  /** @param size most threads at a time; the first starts with the first task. */
  constructor(size: number) {
    this.#size = size;
  }

  /**
   * Runs one attempt. The handler's signal aborts with the context's; `kill` ends the thread, and the promise
   * rejects.
   */
  async run(task: IsolatedTask, ctx: TaskContext, kill: AbortSignal): Promise<Outcome> {
    this.#pool ??= new Piscina({
      filename: THREAD_ENTRY.href,
      minThreads: 0,
      maxThreads: this.#size,
      idleTimeout: IDLE_MS,
    });
    const { port1, port2 } = new MessageChannel();
    port1.on('message', (message: FromIsolated) => applyMessage(ctx, message));
    const stopForwarding = forwardAbort(ctx, (message) => port1.postMessage(message));
    const threadTask: ThreadTask = { ...task, port: port2 };
    try {
      return (await this.#pool.run(threadTask, { signal: kill, transferList: [port2] })) as Outcome;
    } finally {
      stopForwarding();
      // The outcome comes over another port, and can overtake earlier messages.
      for (let left = receiveMessageOnPort(port1); left; left = receiveMessageOnPort(port1)) {
        applyMessage(ctx, left.message as FromIsolated);
      }
      port1.close();
    }
  }

  async close(): Promise<void> {
    await this.#pool?.destroy();
  }
}
