import type { Backoff } from '../schemas/job.ts';
import type { Fault } from '../schemas/problem.ts';
import type { TaskOptions } from '../schemas/task.ts';
import type { AttemptLimit } from '../schemas/values/attempts.ts';
import type { Trace } from '../schemas/values/trace.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** The attempt that a handler runs, and its connection to the worker. */
export interface TaskContext {
  readonly job: {
    readonly id: string;
    readonly queue: string;
    readonly task: string;
    /** 1 for the first attempt. */
    readonly attempt: number;
    /** `Infinity` for a job without a limit. */
    readonly maxAttempts: number;
    /** Name of the lease that holds this delivery. */
    readonly lease: string;
    /** For whom or what the job is, as submitted; absent when it has none. */
    readonly key?: string;
    /** As submitted; absent when the job has none. In a job of a schedule, `schedule` names the slot. */
    readonly metadata?: Readonly<Record<string, string>>;
  };
  /**
   * The trace of the attempt (W3C Trace Context), to send on with requests: its own span, or without tracing in the worker
   * what the submit named. Absent without either.
   */
  readonly trace?: Trace | undefined;
  /** Fires on timeout, cancel, shutdown and a lost lease; its reason tells which. */
  readonly signal: AbortSignal;
  /** Publishes any JSON value as the job's `progress`, and replaces an earlier one. */
  progress(value: unknown): void;
  /**
   * Keeps any JSON value of at most 64 KiB for the next attempt, whatever becomes of this one; null removes it. Resolves once it
   * is stored. Rejects when the value cannot be kept or the lease is lost; the former checkpoint then stays.
   */
  checkpoint(value: unknown): Promise<void>;
  /** What the attempt before has kept; absent when there is no checkpoint. */
  readonly lastCheckpoint?: unknown;
  /** Writes a line to the job's log, and with the job's id to the worker's log. @param level default `info`. */
  log(text: string, level?: LogLevel): void;
}

/**
 * Runs one attempt and returns the result; `undefined` is stored as `null`. A thrown error fails the attempt. An error
 * with `retryable: false` fails the job; one with `retryInMs` (milliseconds) sets the delay of the next attempt.
 */
export type TaskHandler<P = unknown, R = unknown> = (payload: P, ctx: TaskContext) => R | Promise<R>;

export type JsonSchema = NonNullable<TaskOptions['input']>;

/** The object form of a task module's default export. */
export interface TaskDefinition<P = unknown, R = unknown> extends Omit<TaskOptions, 'input' | 'output'> {
  readonly handler: TaskHandler<P, R>;
  /** JSON Schema of the payload, for example a TypeBox schema. */
  readonly input?: object | boolean;
  /** JSON Schema of the result. */
  readonly output?: object | boolean;
}

/** What a task module exports as default. */
export type TaskModule<P = unknown, R = unknown> = TaskHandler<P, R> | TaskDefinition<P, R>;

/** `Backoff` with its durations in milliseconds. */
export type BackoffMs = Omit<Backoff, 'delay' | 'max'> & { delay: number; max?: number };

/** What a worker announces about a task: plain JSON, durations in milliseconds. */
export interface TaskAnnouncement {
  readonly name: string;
  readonly input?: JsonSchema;
  readonly output?: JsonSchema;
  readonly attempts?: AttemptLimit;
  readonly backoff?: BackoffMs;
  readonly timeoutMs?: number;
}

/** A task module that is imported, checked and compiled. */
export interface LoadedTask extends TaskAnnouncement {
  /** Absolute path of the module. A worker thread loads it again. */
  readonly file: string;
  readonly handler: TaskHandler;
  /** Whether the task must run in a thread, which the worker can kill. */
  readonly thread: boolean;
  /** Of `input`; '' without one. */
  readonly fingerprint: string;
  /** Empty when the payload matches `input`, or when there is no `input`. */
  validateInput(payload: unknown): Fault[];
  /** The fingerprint of `input` if the payload does not match it; empty when it does. */
  refusersOf(payload: unknown): readonly string[];
  /** Empty when the result matches `output`, or when there is no `output`. `undefined` counts as `null`. */
  validateOutput(result: unknown): Fault[];
  /** The options as written in the module. */
  readonly options: TaskOptions;
}
