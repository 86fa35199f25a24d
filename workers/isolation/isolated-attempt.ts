import type { Outcome } from '../../src/attempts/outcome.ts';
import { encodeProgress } from '../../src/attempts/progress.ts';
import { systemClock } from '../../src/clock.ts';
import { importDefault } from '../../src/tasks/import.ts';
import type { TaskContext, TaskHandler, TaskModule } from '../../src/tasks/types.ts';
import { AttemptTrace } from '../run/attempt-trace.ts';
import { callHandler } from '../run/call-handler.ts';

/** One attempt that runs in a thread. */
export interface IsolatedTask {
  file: string;
  /** JSON text: a message to a process would change numbers such as 1e400. */
  payload: string;
  job: TaskContext['job'];
}

/** Messages of the attempt to its worker process. */
export type FromIsolated = { type: 'progress'; value: unknown } | { type: 'log'; text: string };
/** Message of the worker process to the attempt. */
export interface ToIsolated {
  type: 'abort';
  name: string;
  message: string;
  cause: string | undefined;
}

/** Passes a message of the attempt to its context in the worker process. */
export function applyMessage(ctx: TaskContext, message: FromIsolated): void {
  if (message.type === 'progress') ctx.progress(message.value);
  else ctx.log(message.text);
}

/** Sends the abort of the context's signal to the attempt; returns a function that stops listening. */
export function forwardAbort(ctx: TaskContext, send: (message: ToIsolated) => void): () => void {
  const forward = () => {
    const reason: unknown = ctx.signal.reason;
    const { name, message } = reason instanceof Error ? reason : new Error(String(reason));
    const cause = reason instanceof Error && 'abortCause' in reason ? String(reason.abortCause) : undefined;
    send({ type: 'abort', name, message, cause });
  };
  if (ctx.signal.aborted) forward();
  else ctx.signal.addEventListener('abort', forward, { once: true });
  return () => ctx.signal.removeEventListener('abort', forward);
}

/** Aborts the attempt that runs in this thread. */
export function abortWith(abort: AbortController, { name, message, cause }: ToIsolated): void {
  abort.abort(Object.assign(new Error(message), { name, ...(cause !== undefined && { abortCause: cause }) }));
}

/**
 * Runs one attempt in this thread, until its handler ends or leaves an error uncaught. The worker process has checked
 * module and payload, and will check the result: here the module is only imported, once, so that the attempt starts quickly.
 */
export async function runIsolated(
  { file, payload, job }: IsolatedTask,
  signal: AbortSignal,
  send: (message: FromIsolated) => void,
  onStart: (trace: AttemptTrace) => void,
): Promise<Outcome> {
  const ctx: TaskContext = {
    job,
    signal,
    // Encoded here too, so that a value that is no JSON throws inside the handler.
    progress: (value) => send({ type: 'progress', value: JSON.parse(encodeProgress(value)) }),
    log: (text) => send({ type: 'log', text: String(text) }),
  };
  const handler = await importHandler(file);
  return new Promise((resolve) => {
    const trace = new AttemptTrace(job, { fail: resolve });
    onStart(trace);
    void Promise.resolve(callHandler(handler, JSON.parse(payload), ctx, systemClock, trace)).then(resolve);
  });
}

async function importHandler(file: string): Promise<TaskHandler> {
  const module = (await importDefault(file)) as TaskModule;
  return typeof module === 'function' ? module : module.handler;
}
