import type { WorkerEvent } from '../observer.ts';
import { isUnavailable } from '../redis/faults.ts';

/** What is told of an error: that Redis cannot serve, or a defect of ours. */
export const toFaultEvent = (where: string, error: unknown): WorkerEvent => ({
  kind: isUnavailable(error) ? 'redis-trouble' : 'defect',
  where,
  error,
});
