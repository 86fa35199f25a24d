import { serve } from '../serve.ts';
import { type TaskName, type Work, work } from '../tasks/_work.ts';

/** What a peer's worker process is told by its environment. */
export interface WorkerSettings {
  readonly socketPath: string;
  readonly queue: string;
  readonly concurrency: number;
  readonly handle: Work;
}

export function workerSettings(env: NodeJS.ProcessEnv = process.env): WorkerSettings {
  const { REDIS_SOCKET, QUEUE, CONCURRENCY, TASK } = env;
  if (REDIS_SOCKET === undefined || QUEUE === undefined || TASK === undefined) {
    throw new Error('A worker needs REDIS_SOCKET, QUEUE, CONCURRENCY and TASK.');
  }
  return {
    socketPath: REDIS_SOCKET,
    queue: QUEUE,
    concurrency: Number(CONCURRENCY),
    handle: work[TASK as TaskName],
  };
}

/** Tells the bench that jobs are taken now; with SIGTERM it ends in order, so that the tally is written. */
export function serveUntilStopped(close: () => Promise<unknown>): void {
  process.once('SIGTERM', () => void close().finally(() => process.exit()));
  serve({});
}
