/** Entries of an events stream that are kept where no subscription asks for more. */
export const KEPT_ENTRIES = 10_000;
