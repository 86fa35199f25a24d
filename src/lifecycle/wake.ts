/**
 * A job that is due sooner than this wakes an idle worker at once, ms. Later ones are found by the recovery, which looks at a queue at
 * least this often and wakes a worker in time.
 */
export const WAKE_HORIZON_MS = 11_000;
