import { type ChildProcess, fork } from 'node:child_process';
import type { Outcome } from '../../src/lifecycle/outcome.ts';
import { createOrphanReaper, type OrphanReaper } from '../../src/orphan-reaper.ts';
import type { TaskContext } from '../../src/tasks/types.ts';
import { ORPHAN_GRACE_S } from '../supervisor/ipc.ts';
import {
  type FromIsolated,
  type IsolatedTask,
  onAbort,
  onMessage,
  type ToIsolated,
} from './isolated-attempt.ts';

export type ToProcess = { type: 'run'; task: IsolatedTask } | ToIsolated;
export type FromProcess = FromIsolated | { type: 'outcome'; outcome: Outcome };

/** Processes at a time: many jobs may have been lost together, most of them for the fault of one. */
const MOST = 8;

const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './process-entry.ts' : './process-entry.js',
  import.meta.url,
);

/**
 * Runs attempts in processes of their own: those of jobs that processes died with before. If one of them kills its
 * process again, nothing else is lost with it.
 */
export class ProcessPool {
  #running = 0;
  #leash: OrphanReaper | undefined;

  /** Whether one more may run now. */
  get hasRoom(): boolean {
    return this.#running < MOST;
  }

  /**
   * Runs one attempt. The handler's signal fires with the context's; when `kill` fires the process ends. Rejects with
   * the reason when it ended without an outcome, for whatever reason.
   */
  async run(task: IsolatedTask, ctx: TaskContext, kill: AbortSignal): Promise<Outcome> {
    this.#running += 1;
    try {
      return await this.#fork(task, ctx, kill);
    } finally {
      this.#running -= 1;
    }
  }

  async #fork(task: IsolatedTask, ctx: TaskContext, kill: AbortSignal): Promise<Outcome> {
    this.#leash ??= createOrphanReaper({ graceS: ORPHAN_GRACE_S, together: true });
    const child = fork(ENTRY, { serialization: 'json' });
    if (child.pid !== undefined) this.#leash.hold(child.pid);
    try {
      return await runIn(child, task, ctx, kill);
    } finally {
      if (child.pid !== undefined) this.#leash.release(child.pid);
    }
  }
}

async function runIn(
  child: ChildProcess,
  task: IsolatedTask,
  ctx: TaskContext,
  kill: AbortSignal,
): Promise<Outcome> {
  // One that has ended already takes no more messages.
  const tell = (message: ToProcess) => void (child.connected && child.send(message, () => undefined));
  const end = () => child.kill('SIGKILL');
  kill.addEventListener('abort', end, { once: true });
  tell({ type: 'run', task });
  const unlisten = onAbort(ctx, tell);
  try {
    return await new Promise<Outcome>((resolve, reject) => {
      child.on('message', (message: FromProcess) => {
        if (message.type === 'outcome') resolve(message.outcome);
        else onMessage(ctx, message);
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => reject(new Error(signal ?? `exit code ${code}`)));
    });
  } finally {
    unlisten();
    kill.removeEventListener('abort', end);
  }
}
