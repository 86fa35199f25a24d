import { toTimestamp } from '../../schemas/values/timestamp.ts';

/** A lease as an answer shows it. */
export const showLease = <T extends { expiresAt: number }>(taken: T) => ({
  ...taken,
  expiresAt: toTimestamp(taken.expiresAt),
});
