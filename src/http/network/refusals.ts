import type { Observer } from '../../observer.ts';

/** The setting whose limit a connection met. */
export type ConnectionLimit = 'MAX_CONNECTIONS' | 'MAX_CONNECTIONS_PER_ADDRESS';

/** Counts refused connections, and tells of them in sums: an attack must not fill the log. */
export class Refusals {
  readonly #observe: Observer;
  readonly #counted = new Map<ConnectionLimit, { refused: number; address: string }>();

  constructor(observe: Observer) {
    this.#observe = observe;
  }

  count(limit: ConnectionLimit, address = ''): void {
    const refused = (this.#counted.get(limit)?.refused ?? 0) + 1;
    this.#counted.set(limit, { refused, address });
  }

  /** Tells what was counted since the last call. */
  tell(): void {
    for (const [limit, counted] of this.#counted) {
      this.#observe({ kind: 'connections-refused', limit, ...counted });
    }
    this.#counted.clear();
  }
}
