/** An attempt that has ended. */
export interface EndedAttempt {
  /** Id of the job. */
  readonly job: string;
  readonly queue: string;
  readonly task: string;
  /** From 1. */
  readonly attempt: number;
}

export interface FailedAttempt extends EndedAttempt {
  /** The message of its error. */
  readonly error: string;
}

/** What a worker of a program tells, and with what. */
export interface WorkerEventMap {
  /** It takes jobs. */
  ready: [];
  completed: [EndedAttempt];
  failed: [FailedAttempt];
  /** A trouble that the worker works through. A Redis or an API that is away is told once for each outage. */
  error: [Error];
  /** It has stopped: no job of it runs. */
  stopped: [];
}

export type WorkerEvent = keyof WorkerEventMap;

/** A worker in a program of somebody's own. */
export interface ProgramWorker extends AsyncDisposable {
  /**
   * Resolves when it takes jobs and its tasks are announced, so that jobs for them are accepted. Rejects for task files with faults.
   * That of `createWorker` rejects, too, when Redis cannot be used for the first 10 s, and that of `httpWorker` when the API does not
   * take its key (401 or 403). Such a worker goes on trying until you stop it.
   */
  readonly ready: Promise<void>;
  on<E extends WorkerEvent>(event: E, listener: (...args: WorkerEventMap[E]) => void): this;
  off<E extends WorkerEvent>(event: E, listener: (...args: WorkerEventMap[E]) => void): this;
  /**
   * Takes no more jobs, lets the running ones finish, and gives back those that do not finish in time. A second call with a shorter
   * time cuts the first one short.
   *
   * @param options.graceMs how long running jobs may go on; default 25 s, or SHUTDOWN_GRACE_MS.
   */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}
