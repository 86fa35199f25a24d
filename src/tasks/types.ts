import type { Backoff } from '../schemas/job.ts';
import type { Fault } from '../schemas/problem.ts';
import type { TaskOptions } from '../schemas/task.ts';

/** What a handler learns about the attempt that it serves, and its line back to the worker. */
export interface TaskContext {
  readonly job: {
    readonly id: string;
    readonly queue: string;
    readonly task: string;
    /** 1 for the first attempt. */
    readonly attempt: number;
    readonly maxAttempts: number;
    /** The right to work on this very delivery. */
    readonly lease: string;
    /** As it was submitted; absent when the job has none. A job of a schedule tells its slot by `schedule`. */
    readonly metadata?: Readonly<Record<string, string>>;
  };
  /** Fires on timeout, cancel, shutdown and a lost lease; its reason says which. */
  readonly signal: AbortSignal;
  /** Shows any JSON value as the job's `progress`; a later one replaces it. */
  progress(value: unknown): void;
  /** Writes one line to the worker's log, marked with the job. */
  log(text: string): void;
}

/**
 * Does one attempt. Throwing fails the attempt; an error with `retryable: false` fails the job, one with
 * `retryInMs` (milliseconds) sets the wait before the next attempt. `undefined` is stored as `null`.
 */
export type TaskHandler<P = unknown, R = unknown> = (payload: P, ctx: TaskContext) => R | Promise<R>;

export type JsonSchema = NonNullable<TaskOptions['input']>;

/** The object form of a task module's default export. */
export interface TaskDefinition<P = unknown, R = unknown> extends Omit<TaskOptions, 'input' | 'output'> {
  readonly handler: TaskHandler<P, R>;
  /** JSON Schema of the payload; a TypeBox schema is one. */
  readonly input?: object | boolean;
  /** JSON Schema of the result. */
  readonly output?: object | boolean;
}

/** What a task module exports as default. */
export type TaskModule<P = unknown, R = unknown> = TaskHandler<P, R> | TaskDefinition<P, R>;

/** `Backoff` with its durations in milliseconds. */
export type BackoffMs = Omit<Backoff, 'delay' | 'max'> & { delay: number; max?: number };

/** What a worker tells the API about a task; plain JSON, durations in milliseconds. */
export interface TaskAnnouncement {
  readonly name: string;
  readonly input?: JsonSchema;
  readonly output?: JsonSchema;
  readonly attempts?: number;
  readonly backoff?: BackoffMs;
  readonly timeoutMs?: number;
}

/** A task module that was read, checked and compiled. */
export interface LoadedTask extends TaskAnnouncement {
  /** Absolute path of the module, for a worker thread to load again. */
  readonly file: string;
  readonly handler: TaskHandler;
  /** Whether it must run in a thread that can be killed. */
  readonly thread: boolean;
  /** Empty when the payload fits `input`, or when there is none. */
  validateInput(payload: unknown): Fault[];
  /** Empty when the result fits `output`, or when there is none; `undefined` counts as `null`. */
  validateOutput(result: unknown): Fault[];
  /** The options as the module wrote them. */
  readonly options: TaskOptions;
}
