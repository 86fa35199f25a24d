/** The shapes of the API, from the schemas that the service validates with. */
export type { AuditedCall } from '../../../src/schemas/audit/audit.ts';
export type { JobEvent } from '../../../src/schemas/event.ts';
export type { Job, JobError, SubmitJob } from '../../../src/schemas/job.ts';
export type { LogLine } from '../../../src/schemas/jobs/log.ts';
export type { CreatedKey, KeyView } from '../../../src/schemas/keys/key.ts';
export type { Problem } from '../../../src/schemas/problem.ts';
export type { QueueStats, QueueSummary } from '../../../src/schemas/queue.ts';
export type { PutSchedule, Schedule } from '../../../src/schemas/schedule.ts';
export type { Subscription } from '../../../src/schemas/subscription.ts';
export type { AnnouncedTask } from '../../../src/schemas/task-http.ts';
export type { Status } from '../../../src/schemas/values/names.ts';
export type { Worker } from '../../../src/schemas/workers/worker.ts';

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
  readonly missing?: readonly string[];
}

/** The answer of `/readyz`. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly durability: string;
  readonly topology: string;
  readonly replicas: { readonly wanted: number; readonly have: number };
  readonly warnings?: readonly string[];
}
