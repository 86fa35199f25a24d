export { MillraceError, TimedOut, Unreachable } from './errors.ts';
export type { EventsOptions, JobStreamMessage, QueueMessage } from './events/events.ts';
export type { FollowOptions } from './events/follow.ts';
export type { Listing, Page } from './http/listing.ts';
export type { RequestOptions, ServiceAnswer, ServiceOptions as MillraceOptions } from './http/service.ts';
export type { Step, StepOptions } from './http/steps.ts';
export { type ChangeOptions, Job, JobFailed, type WaitOptions } from './job.ts';
export {
  type BatchJob,
  type BatchOutcome,
  type JobOptions,
  Millrace,
  type StoreOptions,
  type SubmitOptions,
} from './millrace.ts';
export type { Queue, QueueData } from './nouns/queue.ts';
export type { ScheduleDefinition } from './nouns/schedules.ts';
export type { WorkerData } from './nouns/workers.ts';
export type {
  Event,
  Job as JobData,
  JobError,
  LogLine,
  Problem,
  QueueStats,
  Schedule,
  SubmitJob,
  Subscription,
} from './types/api.generated.ts';
export type { Answer, Body, CallOptions, Duration, Query } from './types/api.ts';
export type { TaskOrName, TypedTask } from './types/task.ts';
