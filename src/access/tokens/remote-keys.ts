import type { CompactVerifyGetKey } from 'jose';
import type { Clock } from '../../clock.ts';
import type { Observer } from '../../observer.ts';
import { fetchKeySet } from './fetch-key-set.ts';
import { isUnknownKey, type KeySet } from './key-set.ts';
import { keysUnavailable, type TokenKeys } from './token-keys.ts';

/** A read takes at most this long, so a token that needs one waits no longer. */
const FETCH_MS = 2_000;
/** Keys are read again after this, behind the requests, so that a key that the issuer has withdrawn goes. */
const FRESH_MS = 300_000;
/** Keys that could not be read again for so long verify nothing any more. */
const MOST_STALE_MS = 86_400_000;
/** Tokens that name unknown keys cause a read at most this often. */
const COOLDOWN_MS = 10_000;
/** After a failed read. */
const RETRY_MS = 3_000;

/** The keys at JWKS_URL. Known keys work on while the server of the URL does not. */
export class RemoteKeys implements TokenKeys {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #observe: Observer;
  #set: KeySet | undefined;
  /** Monotonic ms. */
  #readAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #fault: unknown;
  #reading: Promise<void> | undefined;

  constructor(url: string, clock: Clock, observe: Observer) {
    this.#url = url;
    this.#clock = clock;
    this.#observe = observe;
  }

  /** Reads the keys, so that the first token does not wait. Works without the server of the URL. */
  async start(): Promise<void> {
    await this.#read();
  }

  get version(): unknown {
    return this.#set;
  }

  readonly find: CompactVerifyGetKey = async (header, token) => {
    const known = await this.#usable();
    try {
      return await known.find(header, token);
    } catch (error) {
      if (!isUnknownKey(error)) throw error;
      const next = await this.#afterRead(known);
      if (next === undefined) throw error;
      return next.find(header, token);
    }
  };

  async stop(): Promise<void> {
    await this.#reading;
  }

  /** The keys, however long the last read takes; waits only while there are none. */
  async #usable(): Promise<KeySet> {
    const age = this.#clock.monotonic() - this.#readAt;
    if (age > FRESH_MS && this.#mayRead()) {
      const reading = this.#read();
      if (age > MOST_STALE_MS) await reading;
    } else if (age > MOST_STALE_MS) await this.#reading;
    const isUsable = this.#clock.monotonic() - this.#readAt <= MOST_STALE_MS;
    if (this.#set === undefined || !isUsable) throw this.#unavailable();
    return this.#set;
  }

  /** Newer keys than those that lack one; undefined when the issuer has said lately that there are none. */
  async #afterRead(known: KeySet): Promise<KeySet | undefined> {
    if (this.#mayRead()) await this.#read();
    else await this.#reading;
    if (this.#fault !== undefined) throw this.#unavailable();
    return this.#set === known ? undefined : this.#set;
  }

  #mayRead(): boolean {
    const pause = this.#fault === undefined ? COOLDOWN_MS : RETRY_MS;
    return this.#reading === undefined && this.#clock.monotonic() - this.#triedAt >= pause;
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Never rejects. */
  async #readNow(): Promise<void> {
    this.#triedAt = this.#clock.monotonic();
    try {
      const read = await fetchKeySet(this.#url, FETCH_MS);
      if (read.text !== this.#set?.text) this.#set = read;
      this.#fault = undefined;
      this.#readAt = this.#clock.monotonic();
    } catch (error) {
      this.#fault = error;
      this.#observe({ kind: 'keys-trouble', where: 'JWKS_URL', error });
    }
  }

  #unavailable() {
    const waitMs = this.#triedAt + RETRY_MS - this.#clock.monotonic();
    return keysUnavailable(Math.max(1, Math.ceil(waitMs / 1_000)), this.#fault);
  }
}
