/** `millrace/worker`: workers in programs of users. */
export { createWorker, type WorkerOptions } from '../../workers/embedded/create-worker.ts';
export type {
  EndedAttempt,
  FailedAttempt,
  ProgramWorker,
  WorkerEvent,
  WorkerEventMap,
} from '../../workers/embedded/program-worker.ts';
export { type HttpWorkerOptions, httpWorker } from '../../workers/over-http/create-http-worker.ts';
export type { GivenTasks } from '../tasks/given.ts';
