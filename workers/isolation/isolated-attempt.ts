import type { Outcome } from '../../src/lifecycle/outcome.ts';
import { importDefault } from '../../src/tasks/import.ts';
import type { TaskContext, TaskHandler, TaskModule } from '../../src/tasks/types.ts';
import { progressText } from '../progress-text.ts';
import { callHandler } from '../run/call-handler.ts';

/** One attempt that is to be run elsewhere, in a thread or in a process of its own. */
export interface IsolatedTask {
  file: string;
  payload: unknown;
  job: TaskContext['job'];
}

/** What the attempt says to its worker while it runs. */
export type FromIsolated = { type: 'progress'; value: unknown } | { type: 'log'; text: string };
/** What the worker says to the attempt. */
export interface ToIsolated {
  type: 'abort';
  name: string;
  message: string;
  cause: string | undefined;
}

/** Passes what an attempt that runs elsewhere says on to its context. */
export function onMessage(ctx: TaskContext, message: FromIsolated): void {
  if (message.type === 'progress') ctx.progress(message.value);
  else ctx.log(message.text);
}

/** Calls `tell` when the context's signal fires; returns the function that ends that. */
export function onAbort(ctx: TaskContext, tell: (message: ToIsolated) => void): () => void {
  const pass = () => {
    const reason: unknown = ctx.signal.reason;
    const { name, message } = reason instanceof Error ? reason : new Error(String(reason));
    const cause = reason instanceof Error && 'abortCause' in reason ? String(reason.abortCause) : undefined;
    tell({ type: 'abort', name, message, cause });
  };
  if (ctx.signal.aborted) pass();
  else ctx.signal.addEventListener('abort', pass, { once: true });
  return () => ctx.signal.removeEventListener('abort', pass);
}

/** Fires the signal of an attempt that runs here for a worker elsewhere. */
export function abortWith(abort: AbortController, { name, message, cause }: ToIsolated): void {
  abort.abort(Object.assign(new Error(message), { name, ...(cause !== undefined && { abortCause: cause }) }));
}

/**
 * Runs one attempt for a worker elsewhere. The module was loaded and checked there, where payload and result are
 * checked as well: here it is only imported (once, by Node's own cache), and so starts quickly.
 */
export async function runIsolated(
  { file, payload, job }: IsolatedTask,
  signal: AbortSignal,
  say: (message: FromIsolated) => void,
): Promise<Outcome> {
  const ctx: TaskContext = {
    job,
    signal,
    // A value that cannot be written fails the handler here, where it can be seen.
    progress: (value) => say({ type: 'progress', value: JSON.parse(progressText(value)) }),
    log: (text) => say({ type: 'log', text: String(text) }),
  };
  return callHandler(await handlerOf(file), payload, ctx);
}

async function handlerOf(file: string): Promise<TaskHandler> {
  const module = (await importDefault(file)) as TaskModule;
  return typeof module === 'function' ? module : module.handler;
}
