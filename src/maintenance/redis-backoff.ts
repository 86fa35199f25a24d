const FIRST_MS = 50;
const MAX_MS = 1_000;

/** The wait before a process calls Redis again, ms. @param failures how often the same call has failed before. */
export const redisBackoffMs = (failures: number): number => Math.min(FIRST_MS * 2 ** failures, MAX_MS);
