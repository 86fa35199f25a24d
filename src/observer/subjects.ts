import type { Trace } from '../schemas/values/trace.ts';

/** Which attempt of which job. */
export interface AttemptSubject {
  queue: string;
  task: string;
  job: string;
  attempt: number;
  lease: string;
  /** The trace that the job belongs to, or the span of the attempt. Most jobs have none. */
  trace?: Trace | undefined;
}

/** Levels of what a handler logs. */
export type TaskLogLevel = 'debug' | 'info' | 'warn' | 'error';

/** How long an attempt took. */
export interface AttemptTimes {
  /** From ready to taken; absent where it is unknown, as over HTTP after a delay or a retry. */
  waitMs?: number;
  /** Of the handler; over HTTP from taken to settled. */
  runMs: number;
}

/** What a request waits for. */
export interface WaitSubject {
  on: 'job' | 'work' | 'subscription';
  queues: readonly string[];
  job?: string;
}

export type AttemptOutcome =
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'expired'
  | 'exhausted'
  | 'released'
  | 'lost';

/** `stale`: the attempt had lost its lease, so that the job was left alone. */
export type SettledStatus =
  | 'completed'
  | 'failed'
  | 'queued'
  | 'retrying'
  | 'cancelled'
  | 'expired'
  | 'stale';

/** `enough`: what it waited for is there. `stopped`: the client has gone, or the service stops. */
export type WaitOutcome = 'enough' | 'timed-out' | 'stopped' | 'failed';

export type SkipReason = 'overlap' | 'not-unique' | 'queue-full' | 'key-full' | 'not-stored' | 'missed';
