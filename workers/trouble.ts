import type { WorkerEvent } from '../src/observer.ts';
import { isUnavailable } from '../src/redis/connect.ts';

/** What is told of an error: that Redis cannot serve, or a defect of ours. */
export const trouble = (where: string, error: unknown): WorkerEvent => ({
  kind: isUnavailable(error) ? 'redis-trouble' : 'defect',
  where,
  error,
});
