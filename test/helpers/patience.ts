/**
 * How long a test waits for what must come, ms. Only a test that fails waits this long, so it is much longer than
 * anything takes on a busy machine. No test needs a shorter one.
 */
export const PATIENCE_MS = 120_000;

/** For a whole test or hook: longer than one wait, so that the wait says what did not come. */
export const TEST_LIMIT_MS = 2 * PATIENCE_MS;
