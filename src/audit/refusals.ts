import type { AuditRecord } from './record.ts';

/** Refused calls of one window that are kept one by one. */
export const MAX_SINGLE = 20;
/** Addresses of one window whose further calls are counted apart; those of all others are counted together. */
export const MAX_ADDRESSES = 50;

/** Refused calls of one window of time. A flood of them makes few entries. */
export class Refusals {
  #singles = 0;
  readonly #counted = new Map<string, { latest: AuditRecord; more: number }>();

  /** The call itself if it is to be kept by itself; else it is counted. */
  add(call: AuditRecord): AuditRecord | undefined {
    if (this.#singles < MAX_SINGLE) {
      this.#singles += 1;
      return call;
    }
    const isApart = this.#counted.has(call.address) || this.#counted.size < MAX_ADDRESSES;
    const address = isApart ? call.address : '';
    const counted = this.#counted.get(address);
    this.#counted.set(address, {
      latest: { ...call, address },
      more: counted === undefined ? 0 : counted.more + 1,
    });
    return undefined;
  }

  /** Ends the window: the last call of each address, with the number of those before it. */
  end(): AuditRecord[] {
    const records = [...this.#counted.values()].map(({ latest, more }) => ({
      ...latest,
      ...(more > 0 && { more }),
    }));
    this.#counted.clear();
    this.#singles = 0;
    return records;
  }
}
