import type { TaskOrName } from './types/task.ts';

/** The job as the service takes it: with the name of its task. */
export const withTaskName = <J extends { readonly task?: TaskOrName } | undefined>(job: J) =>
  typeof job?.task === 'object' && job.task !== null ? { ...job, task: job.task.name } : job;
