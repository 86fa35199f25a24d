const FIRST_MS = 50;
const MAX_MS = 1_000;

/**
 * The wait before a process calls Redis again, ms. Half of it is random, so that many processes do not call at once.
 *
 * @param failures how often the same call has failed before. @param random from 0 to 1.
 */
export const redisBackoffMs = (failures: number, random = Math.random()): number =>
  Math.min(FIRST_MS * 2 ** failures, MAX_MS) * (0.5 + random / 2);
