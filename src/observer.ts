import type { NetworkEvent } from './network-events.ts';
import type { OperatorEvent } from './observer/operator-event.ts';
import type {
  AttemptOutcome,
  AttemptSubject,
  AttemptTimes,
  SettledStatus,
  SkipReason,
  TaskLogLevel,
  WaitOutcome,
  WaitSubject,
} from './observer/subjects.ts';
import type { AttemptLimit } from './schemas/values/attempts.ts';
import type { ErrorOrigin } from './schemas/values/names.ts';

export type * from './observer/subjects.ts';

/**
 * Every service event. API and workers emit the same ones; log lines are made from them, and metrics and traces can be.
 *
 * No event holds a payload, a result or a progress value. Members of the same name mean the same everywhere:
 * - `queue`, `task`: their names. `task` is '' for an entry that is no job of ours.
 * - `job`: the id of a job. `jobs`: a number of jobs.
 * - `lease`: the name of the consumer that holds the job: a worker process, or a lease over HTTP. It is no secret.
 * - `attempt`: from 1. `waitMs`, `runMs`, `durationMs`: milliseconds. `where`: the part of the service, for people.
 */
export type ServiceEvent =
  | NetworkEvent
  // Processes.
  /** API and supervisor: a variable looks like a misspelt setting. */
  | { kind: 'misspelt-setting'; text: string }
  /** API and supervisor: another process has another value of a setting that all should share. */
  | { kind: 'settings-differ'; text: string }
  /** API: it does not check values against an announced schema, which is no schema, too large or too slow. */
  | { kind: 'schema-unusable'; queue: string; task: string; reason: string }
  /** API: it listens. */
  | { kind: 'ready'; service: 'api'; address: string }
  /** Supervisor: all its processes take jobs. */
  | {
      kind: 'ready';
      service: 'worker';
      queues: readonly string[];
      tasks: readonly string[];
      processes: number;
    }
  /** Supervisor: it has started a worker process. `consumer` is the name of its lease. */
  | { kind: 'child-started'; consumer: string; pid: number }
  /** Supervisor: a worker process has ended unasked; `how` is for people. */
  | { kind: 'child-lost'; consumer: string; pid: number; how: string }
  /** Supervisor: a worker process is in doubt after an uncaught error. It takes no more jobs, and another one starts. */
  | { kind: 'child-replaced'; consumer: string; pid: number }
  /** Supervisor: queues that fit a pattern of QUEUES have come or gone. */
  | { kind: 'queues-changed'; joined: readonly string[]; left: readonly string[] }
  /** Supervisor: more queues fit the patterns of QUEUES than it serves. */
  | { kind: 'too-many-queues'; served: number; leftOut: number; most: number }
  /** API and supervisor: a signal or a defect stops them. */
  | { kind: 'stopping'; why: string }
  /** API and supervisor: open requests are answered, processes have ended. */
  | { kind: 'stopped' }

  // Jobs that come in (API).
  /** Jobs of one task were stored by one request, or by one chunk of a bulk submit. `job`: where it is one alone. */
  | { kind: 'jobs-submitted'; queue: string; task: string; jobs: number; job?: string }
  /** An Idempotency-Key had stored these jobs before; nothing was stored now. */
  | { kind: 'submit-replayed'; queue: string; task: string; jobs: number; job?: string }
  /** Jobs that fit the schema were refused; `code` is that of the problem. */
  | { kind: 'submit-refused'; queue: string; task: string; jobs: number; code: string }

  // Attempts (worker processes; API for jobs under a lease over HTTP).
  /** One call took jobs. */
  | { kind: 'jobs-taken'; queue: string; lease: string; jobs: number }
  /** A handler begins, or a job goes to a worker over HTTP, which may be gone by then. `waitMs`: from ready to taken. */
  | ({ kind: 'attempt-started'; waitMs: number } & AttemptSubject)
  /**
   * The end of an attempt is written or found stale. `status`: of the job now, or `stale`. `repeated`: told before, over HTTP.
   * `error` and `errorName`: of a failed attempt over HTTP.
   */
  | ({
      kind: 'attempt-ended';
      outcome: AttemptOutcome;
      status: SettledStatus;
      repeated?: true;
      error?: string;
      errorName?: string;
    } & AttemptTimes &
      AttemptSubject)
  /**
   * An attempt has failed. `error`: its message, with those of its causes. `next`: for people. `retryInMs`: absent when no attempt
   * is left. `file`: where the code of the task failed, as `file:line:column`, if its stack says so.
   */
  | ({
      kind: 'attempt-failed';
      error: string;
      next: string;
      retryInMs?: number;
      maxAttempts: AttemptLimit;
      file?: string;
    } & AttemptSubject)
  /**
   * The worker of an attempt was lost, and the job was taken back. `error`: what the job keeps of it; `runMs`: since it was taken.
   * Who wants this event makes the recovery read the jobs.
   */
  | ({ kind: 'attempt-lost'; error: string; errorName: string; runMs: number } & AttemptSubject)
  /**
   * Code of a task has left an error uncaught. `from`: the attempt that it came from; a running one has failed by it, after
   * an ended one it changes no job. Without an attempt: `task file`, which the supervisor has imported, or `unknown`.
   */
  | ({
      kind: 'uncaught-error';
      origin: ErrorOrigin;
      from: 'running attempt' | 'ended attempt' | 'task file' | 'unknown';
      error: unknown;
    } & Partial<AttemptSubject>)
  /** A lease wanted to move a job that it does not hold any more; nothing was changed. `move`: what it wanted. */
  | { kind: 'stale'; queue: string; task?: string; job: string; lease: string; move: string }
  /** A handler has logged a text. `level`: that of the line, `info` for one that logs do not have. */
  | ({ kind: 'task-log'; text: string; level: TaskLogLevel } & Omit<AttemptSubject, 'attempt'>)

  /** Jobs that one call took wait for another worker: this one lacks their task, or its schema refuses their payload. */
  | { kind: 'jobs-held'; queue: string; lease: string; jobs: number }

  // Leases.
  /** API: a worker over HTTP has renewed its lease. `cancel`: how many of its jobs it is to stop. */
  | { kind: 'lease-renewed'; queues: readonly string[]; lease: string; leaseMs: number; cancel: number }
  /** A lease had ended when it was needed: its jobs may run elsewhere. `consumer` is the same as `lease`. */
  | { kind: 'lease-lost'; consumer: string; lease: string; queue: string }
  /**
   * Jobs were taken back. `cause`: their lease ran out, their worker process ended (`lease` is its lease), or the sweep
   * found them in no place.
   */
  | {
      kind: 'recovered';
      queue: string;
      jobs: number;
      cause: 'lease-ran-out' | 'process-ended' | 'stray';
      lease?: string;
    }

  // Jobs that end without an attempt.
  /** A job was cancelled. `done`: false when its worker was asked to stop it. */
  | { kind: 'job-cancelled'; queue: string; job: string; done: boolean }
  /** A request cancelled waiting jobs of a queue, all that it named. */
  | { kind: 'jobs-cancelled'; queue: string; jobs: number }
  /** Jobs that had not begun in time were ended. */
  | { kind: 'jobs-expired'; queue: string; jobs: number }

  // Queues.
  /** A request has removed a queue. */
  | { kind: 'queue-removed'; queue: string }

  // Schedules.
  /** One pass fired a schedule. `jobs`: submitted by it. `lateMs`: since the time of its first slot. */
  | { kind: 'schedule-fired'; queue: string; task: string; schedule: string; jobs: number; lateMs: number }
  /** Slots of a schedule made no job; `reason`: that of the last one. */
  | {
      kind: 'schedule-skipped';
      queue: string;
      task: string;
      schedule: string;
      slots: number;
      reason: SkipReason;
    }

  // Clients (API).
  /** A request waits: for a job, for jobs to take, or for events of a subscription. `waitMs`: at most so long. */
  | ({ kind: 'wait-started'; waitMs: number } & WaitSubject)
  | ({ kind: 'wait-ended'; outcome: WaitOutcome; durationMs: number } & WaitSubject)
  /** A stream of events was opened: of a queue, of a job, or without both of all queues. */
  | { kind: 'stream-opened'; queue?: string; job?: string }
  /** `reason`: why the service dropped it; `ended`: its job has ended, or its client has gone. */
  | { kind: 'stream-closed'; queue?: string; job?: string; reason: string; durationMs: number }
  /**
   * A request has ended. `route` is the pattern, '' where none fits. `reqId`: as in a problem document. `caller`: the id of
   * its key. `job`: the one that it is about. `isAborted`: the client has gone before it had its answer.
   */
  | {
      kind: 'http-request';
      method: string;
      route: string;
      status: number;
      durationMs: number;
      reqId: string;
      caller?: string;
      job?: string;
      isAborted?: true;
    }

  // Traces and the audit.
  | OperatorEvent

  // Troubles.
  /** Redis does not serve (`reqId`: of the request that met it); the keys of tokens in the setting `where` cannot be read. */
  | { kind: 'redis-trouble'; where: string; error: unknown; reqId?: string }
  | { kind: 'keys-trouble'; where: string; error: unknown }
  /** A defect of the service. */
  | { kind: 'defect'; where: string; error: unknown; reqId?: string };

export type ServiceEventKind = ServiceEvent['kind'];

/** One that takes events in, such as a log. */
export interface Listener {
  readonly wants: (kind: ServiceEventKind) => boolean;
  /** Called at once, within the call that emits. Must neither block nor change the event. */
  readonly observe: (event: ServiceEvent) => void;
}

/** Tells an event to all that want its kind. Never throws. */
export interface Observer {
  (event: ServiceEvent): void;
  /** Whether somebody wants events of this kind. Hot paths ask before they make one. */
  wants(kind: ServiceEventKind): boolean;
}

/** A listener that throws is dropped, and the others are told: it must not fail the job or request that it watches. */
export function createObserver(...given: readonly Listener[]): Observer {
  let listeners = given;
  const observe = (event: ServiceEvent): void => {
    if ('error' in event) dropArguments(event.error);
    for (const listener of listeners) {
      if (!listener.wants(event.kind)) continue;
      try {
        listener.observe(event);
      } catch (error) {
        listeners = listeners.filter((other) => other !== listener);
        observe({ kind: 'defect', where: 'observer', error });
      }
    }
  };
  const wants = (kind: ServiceEventKind): boolean => {
    for (const listener of listeners) if (listener.wants(kind)) return true;
    return false;
  };
  return Object.assign(observe, { wants });
}

/** The Redis client hangs the command on an error, with all arguments: payloads among them. */
function dropArguments(error: unknown): void {
  if (!(error instanceof Error) || !('command' in error)) return;
  const { command } = error;
  if (typeof command === 'object' && command !== null && 'args' in command)
    error.command = 'name' in command ? { name: command.name } : undefined;
}

/** Nobody listens. */
export const NO_OBSERVER: Observer = createObserver();
