/** So many are remembered at least. */
const REMEMBERED = 5_000;

/** The refs that came last: who asks a moment too late for one learns that it has been. */
export class RecentRefs {
  #newer = new Set<string>();
  #older = new Set<string>();
  /** How many have come in all. */
  count = 0;

  add(ref: string): void {
    this.count += 1;
    this.#newer.add(ref);
    if (this.#newer.size < REMEMBERED) return;
    this.#older = this.#newer;
    this.#newer = new Set();
  }

  /** Whether the ref may have come since the count was `since`; yes, too, when that is too long ago to tell. */
  mayHaveCome(ref: string, since: number): boolean {
    return this.count - since > REMEMBERED || this.#newer.has(ref) || this.#older.has(ref);
  }
}
