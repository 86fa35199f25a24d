/** The API is away, or does not take the key of the worker. */
export type OutageKind = 'away' | 'key';

const TAKE = '/leases';

/** Counts outages. What fails while one lasts belongs to it, and is told once. */
export class Outages {
  #count = 0;
  #current: { readonly kind: OutageKind; readonly isOfTakes: boolean } | undefined;

  /** A request to the path has failed. Returns the number of the outage. @param kind undefined: that of the one that lasts. */
  failed(path: string, kind: OutageKind = this.#current?.kind ?? 'away'): number {
    const isSame = this.#current?.kind === kind;
    if (!isSame) this.#count += 1;
    this.#current = { kind, isOfTakes: (isSame && this.#current?.isOfTakes) || path === TAKE };
    return this.#count;
  }

  /** A request to the path was served. A key may allow reports alone, so only a take ends an outage of takes. */
  served(path: string): void {
    if (this.#current?.isOfTakes !== true || path === TAKE) this.#current = undefined;
  }
}
