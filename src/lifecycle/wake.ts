/**
 * A job that is due sooner than this wakes an idle worker at once, ms: the worker may be blocked on a read for as long.
 * Later ones are found by the check that every idle worker makes between two reads.
 */
export const WAKE_HORIZON_MS = 3_000;
