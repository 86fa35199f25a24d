import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Outcome } from '../../src/attempts/outcome.ts';
import type { ServiceEvent } from '../../src/observer.ts';
import type { TaskContext } from '../../src/tasks/types.ts';
import {
  applyMessage,
  type FromIsolated,
  forwardAbort,
  type IsolatedTask,
  type ToIsolated,
} from './isolated-attempt.ts';

/** An error that code of a task has left uncaught. */
export type UncaughtEvent = ServiceEvent & { kind: 'uncaught-error' };

/** Input of a thread for one attempt. */
export interface ThreadTask extends IsolatedTask {
  port: MessagePort;
}

/** Message of a thread. `last-outcome`: the thread cannot be trusted any more and waits to be ended. */
export type FromThread = FromIsolated | { type: 'last-outcome'; outcome: Outcome };

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
  readonly #onUncaught: (event: UncaughtEvent) => void;
  #pool: Piscina | undefined;

  /**
   * @param size most threads at a time; the first starts with the first task.
   * @param onUncaught hears of errors that code has left uncaught in a thread.
   */
  constructor(size: number, onUncaught: (event: UncaughtEvent) => void) {
    this.#size = size;
    this.#onUncaught = onUncaught;
  }

  /**
   * Runs one attempt. The handler's signal aborts with the context's; `kill` ends the thread, and the promise
   * rejects.
   */
  async run(task: IsolatedTask, ctx: TaskContext, kill: AbortSignal): Promise<Outcome> {
    this.#pool ??= this.#createPool();
    const { port1, port2 } = new MessageChannel();
    const end = new AbortController();
    const send = (message: ToIsolated) => port1.postMessage(message);
    const lastOutcome = new Promise<Outcome>((resolve) => {
      port1.on('message', (message: FromThread) => {
        if (message.type !== 'last-outcome') return applyMessage(ctx, message, send);
        resolve(message.outcome);
        end.abort();
      });
    });
    const stopForwarding = forwardAbort(ctx, send);
    const threadTask: ThreadTask = { ...task, port: port2 };
    const signal = AbortSignal.any([kill, end.signal]);
    try {
      const outcome = this.#pool.run(threadTask, { signal, transferList: [port2] }) as Promise<Outcome>;
      return await Promise.race([lastOutcome, outcome]);
    } finally {
      stopForwarding();
      // The outcome comes over another port, and can overtake earlier messages.
      for (let left = receiveMessageOnPort(port1); left; left = receiveMessageOnPort(port1)) {
        const message = left.message as FromThread;
        if (message.type !== 'last-outcome') applyMessage(ctx, message, send);
      }
      port1.close();
    }
  }

  #createPool(): Piscina {
    const pool = new Piscina({
      filename: THREAD_ENTRY.href,
      minThreads: 0,
      maxThreads: this.#size,
      idleTimeout: IDLE_MS,
    });
    pool.on('message', this.#onUncaught);
    // A thread that ends without an attempt costs no job. Without a listener it would end this process.
    pool.on('error', (error) =>
      this.#onUncaught({ kind: 'uncaught-error', origin: 'uncaughtException', from: 'unknown', error }),
    );
    return pool;
  }

  async close(): Promise<void> {
    await this.#pool?.destroy();
  }
}
