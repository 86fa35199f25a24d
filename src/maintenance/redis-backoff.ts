const FIRST_MS = 50;
const MAX_MS = 1_000;

/** How long a process waits before it tries again what Redis could not take `failures` + 1 times in a row, ms. */
export const backoffMs = (failures: number): number => Math.min(FIRST_MS * 2 ** failures, MAX_MS);
