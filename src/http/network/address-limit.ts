import { clientNetwork } from './client-network.ts';

interface Connection {
  readonly remoteAddress?: string | undefined;
  once(event: 'close', listener: () => void): unknown;
}

/** Counts the connections of each address, and refuses those beyond a limit. */
export class AddressLimit {
  readonly #most: number;
  readonly #isExempt: (address: string) => boolean;
  readonly #open = new Map<string, number>();

  /** @param isExempt addresses that have no limit: proxies, which stand for many clients. */
  constructor(most: number, isExempt: (address: string) => boolean) {
    this.#most = most;
    this.#isExempt = isExempt;
  }

  /** Counts a connection until it closes. @returns false if its address has enough already. */
  enter(socket: Connection): boolean {
    const { remoteAddress } = socket;
    // A client that has gone has no address. Its connection closes by itself.
    if (remoteAddress === undefined || this.#isExempt(remoteAddress)) return true;
    const client = clientNetwork(remoteAddress);
    const open = this.#open.get(client) ?? 0;
    if (open >= this.#most) return false;
    this.#open.set(client, open + 1);
    socket.once('close', () => this.#leave(client));
    return true;
  }

  /** Addresses that have connections. */
  get size(): number {
    return this.#open.size;
  }

  #leave(client: string): void {
    const open = (this.#open.get(client) ?? 0) - 1;
    if (open > 0) this.#open.set(client, open);
    else this.#open.delete(client);
  }
}
