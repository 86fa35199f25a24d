import { encodeCheckpoint } from '../../src/attempts/checkpoint.ts';
import { lineText } from '../../src/attempts/log-lines.ts';
import type { Outcome } from '../../src/attempts/outcome.ts';
import { encodeProgress } from '../../src/attempts/progress.ts';
import { systemClock } from '../../src/clock.ts';
import { parseJson } from '../../src/redis/parse-json.ts';
import { importDefault } from '../../src/tasks/import.ts';
import type { LogLevel, TaskContext, TaskHandler, TaskModule } from '../../src/tasks/types.ts';
import { AttemptTrace } from '../run/attempt-trace.ts';
import { callHandler } from '../run/call-handler.ts';

/** One attempt that runs in a thread. */
export interface IsolatedTask {
  file: string;
  /** JSON text: a message to a process would change numbers such as 1e400. */
  payload: string;
  job: TaskContext['job'];
  /** JSON text that an earlier attempt left. */
  checkpoint?: string;
  trace?: TaskContext['trace'];
}

/** Messages of the attempt to its worker process. */
export type FromIsolated =
  | { type: 'progress'; value: unknown }
  | { type: 'log'; text: string; level: LogLevel | undefined }
  /** Answered by `checkpointed` of the same number. */
  | { type: 'checkpoint'; value: unknown; number: number };
/** Messages of the worker process to the attempt. */
export type ToIsolated =
  | ({ type: 'abort' } & SentError)
  /** `error`: why the checkpoint is not stored. */
  | { type: 'checkpointed'; number: number; error?: SentError };

interface SentError {
  name: string;
  message: string;
  cause: string | undefined;
}

/** Passes a message of the attempt to its context in the worker process. `answer` sends to the attempt. */
export function applyMessage(
  ctx: TaskContext,
  message: FromIsolated,
  answer: (message: ToIsolated) => void,
): void {
  if (message.type === 'progress') ctx.progress(message.value);
  else if (message.type === 'log') ctx.log(message.text, message.level);
  else {
    const { number } = message;
    ctx.checkpoint(message.value).then(
      () => answer({ type: 'checkpointed', number }),
      (error: unknown) => answer({ type: 'checkpointed', number, error: toSent(error) }),
    );
  }
}

function toSent(thrown: unknown): SentError {
  const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
  const cause = thrown instanceof Error && 'abortCause' in thrown ? String(thrown.abortCause) : undefined;
  return { name, message, cause };
}

const toError = ({ name, message, cause }: SentError): Error =>
  Object.assign(new Error(message), { name, ...(cause !== undefined && { abortCause: cause }) });

/** Sends the abort of the context's signal to the attempt; returns a function that stops listening. */
export function forwardAbort(ctx: TaskContext, send: (message: ToIsolated) => void): () => void {
  const forward = () => send({ type: 'abort', ...toSent(ctx.signal.reason) });
  if (ctx.signal.aborted) forward();
  else ctx.signal.addEventListener('abort', forward, { once: true });
  return () => ctx.signal.removeEventListener('abort', forward);
}

/** The line of an attempt that runs in this thread to its worker process. */
export class ProcessLine {
  readonly abort = new AbortController();
  readonly send: (message: FromIsolated) => void;
  /** Checkpoints that are not stored yet, by number. */
  readonly #open = new Map<number, (error: SentError | undefined) => void>();
  #sent = 0;

  constructor(send: (message: FromIsolated) => void) {
    this.send = send;
  }

  receive(message: ToIsolated): void {
    if (message.type === 'abort') {
      this.abort.abort(toError(message));
      return;
    }
    this.#open.get(message.number)?.(message.error);
    this.#open.delete(message.number);
  }

  /** Resolves once the worker process has stored the checkpoint. */
  readonly checkpoint = async (value: unknown): Promise<void> => {
    // Encoded here too, so that a value that is no JSON throws inside the handler.
    const encoded: unknown = JSON.parse(encodeCheckpoint(value));
    this.#sent += 1;
    const number = this.#sent;
    const error = await new Promise<SentError | undefined>((resolve) => {
      this.#open.set(number, resolve);
      this.send({ type: 'checkpoint', value: encoded, number });
    });
    if (error !== undefined) throw toError(error);
  };
}

/**
 * Runs one attempt in this thread, until its handler ends or leaves an error uncaught. The worker process has checked
 * module and payload, and will check the result: here the module is only imported, once, so that the attempt starts quickly.
 */
export async function runIsolated(
  { file, payload, job, checkpoint, trace: jobTrace }: IsolatedTask,
  line: ProcessLine,
  onStart: (trace: AttemptTrace) => void,
): Promise<Outcome> {
  const ctx: TaskContext = {
    job,
    ...(jobTrace !== undefined && { trace: jobTrace }),
    signal: line.abort.signal,
    progress: (value) => line.send({ type: 'progress', value: JSON.parse(encodeProgress(value)) }),
    checkpoint: line.checkpoint,
    ...(checkpoint !== undefined && { lastCheckpoint: parseJson(checkpoint) }),
    log: (text, level) => line.send({ type: 'log', text: lineText(text), level }),
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
