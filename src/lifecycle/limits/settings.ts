/**
 * Fields of the hash `settings` that limit the jobs of a queue, in the order in which they are read. A rate is the text
 * `<limit> <perMs> <burst>`, the others are numbers; `fair` is 1. `src/queues/limits/limits.ts` reads and writes them.
 */
export const LIMIT_FIELDS = [
  'concurrency',
  'rate',
  'keyConcurrency',
  'keyRate',
  'keyMaxJobs',
  'fair',
] as const;
export type LimitField = (typeof LIMIT_FIELDS)[number];

/** The verb of the messages in `control` that say that limits of the queue were changed: workers look for jobs again. */
export const LIMITS_MESSAGE = 'limits';
