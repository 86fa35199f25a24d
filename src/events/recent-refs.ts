/** At least this many refs are kept. */
const KEPT_REFS = 5_000;

/** The refs that came last, for waiters that start to listen a moment too late. */
export class RecentRefs {
  #newer = new Set<string>();
  #older = new Set<string>();
  /** How many refs have come in all. */
  count = 0;

  add(ref: string): void {
    this.count += 1;
    this.#newer.add(ref);
    if (this.#newer.size < KEPT_REFS) return;
    this.#older = this.#newer;
    this.#newer = new Set();
  }

  /** Whether the ref may have come since `count` was `since`; also true when too many refs came since. */
  mayHaveCome(ref: string, since: number): boolean {
    return this.count - since > KEPT_REFS || this.#newer.has(ref) || this.#older.has(ref);
  }
}
