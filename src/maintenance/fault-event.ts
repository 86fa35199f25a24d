import type { ServiceEvent } from '../observer.ts';
import { isUnavailable } from '../redis/connect.ts';

/** What is told of an error: that Redis cannot serve, or a defect of ours. */
export const toFaultEvent = (where: string, error: unknown): ServiceEvent & { error: unknown } => ({
  kind: isUnavailable(error) ? 'redis-trouble' : 'defect',
  where,
  error,
});
