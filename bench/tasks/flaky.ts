import type { TaskContext } from '../../src/tasks/types.ts';
import { type WorkPayload, work } from './_work.ts';

/** Fails at times, and is then tried again at once. */
export default {
  attempts: 3,
  backoff: { type: 'fixed', delay: 0 },
  handler: (payload: WorkPayload, { job }: TaskContext) => work.flaky(payload, job.attempt),
};
