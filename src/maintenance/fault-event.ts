import type { ServiceEvent } from '../observer.ts';
import { isUnavailable } from '../redis/faults.ts';

/** The event for an error: Redis is unavailable, or our code has a defect. */
export const toFaultEvent = (where: string, error: unknown): ServiceEvent => ({
  kind: isUnavailable(error) ? 'redis-trouble' : 'defect',
  where,
  error,
});
