import { type ChildProcess, fork } from 'node:child_process';
import type { Outcome } from '../../src/attempts/outcome.ts';
import { createOrphanReaper, type OrphanReaper } from '../../src/orphan-reaper.ts';
import type { TaskContext } from '../../src/tasks/types.ts';
import { ORPHAN_GRACE_S } from '../supervisor/ipc.ts';
import {
  applyMessage,
  type FromIsolated,
  forwardAbort,
  type IsolatedTask,
  type ToIsolated,
} from './isolated-attempt.ts';

export type ToProcess = { type: 'run'; task: IsolatedTask } | ToIsolated;
export type FromProcess = FromIsolated | { type: 'outcome'; outcome: Outcome };

/** Processes at a time: many jobs may have been lost together, most of them because of one. */
const MAX_PROCESSES = 8;

const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './process-entry.ts' : './process-entry.js',
  import.meta.url,
);

/**
 * Runs each attempt in a process of its own. It is for suspects, jobs that were lost with their process before: if one
 * kills its process again, no other job is lost.
 */
export class ProcessPool {
  #running = 0;
  #reaper: OrphanReaper | undefined;

  /** Whether one more process may start now. */
  get hasCapacity(): boolean {
    return this.#running < MAX_PROCESSES;
  }

  /**
   * Runs one attempt. The handler's signal aborts with the context's; `kill` kills the process. Rejects with the exit
   * code or signal when the process ended without an outcome.
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
    this.#reaper ??= createOrphanReaper({ graceS: ORPHAN_GRACE_S, together: true });
    const child = fork(ENTRY, { serialization: 'json' });
    if (child.pid !== undefined) this.#reaper.watch(child.pid);
    try {
      return await runIn(child, task, ctx, kill);
    } finally {
      if (child.pid !== undefined) this.#reaper.unwatch(child.pid);
    }
  }
}

async function runIn(
  child: ChildProcess,
  task: IsolatedTask,
  ctx: TaskContext,
  kill: AbortSignal,
): Promise<Outcome> {
  // A process that has exited takes no messages.
  const send = (message: ToProcess) => void (child.connected && child.send(message, () => undefined));
  const killChild = () => child.kill('SIGKILL');
  kill.addEventListener('abort', killChild, { once: true });
  send({ type: 'run', task });
  const stopForwarding = forwardAbort(ctx, send);
  try {
    return await new Promise<Outcome>((resolve, reject) => {
      child.on('message', (message: FromProcess) => {
        if (message.type === 'outcome') resolve(message.outcome);
        else applyMessage(ctx, message);
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => reject(new Error(signal ?? `exit code ${code}`)));
    });
  } finally {
    stopForwarding();
    kill.removeEventListener('abort', killChild);
  }
}
