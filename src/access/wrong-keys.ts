import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Clock } from '../clock.ts';

/** Different wrong keys that an address may send within a window, before it is told to wait for the end of it. */
export const MOST_WRONG_KEYS = 100;
const WINDOW_MS = 60_000;
/** Addresses that are remembered: who has more of them gains nothing but answers. */
const MAX_ADDRESSES = 10_000;

interface Window {
  /** Monotonic ms. */
  readonly endsAt: number;
  /** Digests of the wrong keys. */
  readonly keys: Set<number>;
}

/**
 * Counts different wrong keys by address: who sends an old key again and again guesses nothing. A right key works from every
 * address, since many clients may share one.
 */
export class WrongKeys {
  readonly #clock: Clock;
  /** The address that sent none for longest comes first. */
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one more; returns the ms to wait once there are too many, else undefined. */
  note(address: string, key: string): number | undefined {
    const now = this.#clock.monotonic();
    const network = networkOf(address);
    const known = this.#windows.get(network);
    const window =
      known === undefined || known.endsAt <= now
        ? { endsAt: now + WINDOW_MS, keys: new Set<number>() }
        : known;
    this.#windows.delete(network);
    const [oldest] = this.#windows.keys();
    if (oldest !== undefined && this.#windows.size >= MAX_ADDRESSES) this.#windows.delete(oldest);
    this.#windows.set(network, window);
    const digest = createHash('sha256').update(key).digest().readUInt32LE();
    if (window.keys.has(digest)) return undefined;
    if (window.keys.size >= MOST_WRONG_KEYS) return window.endsAt - now;
    window.keys.add(digest);
    return undefined;
  }
}

/** Those who share an address: a host of IPv4, or a network of IPv6 (/64), which one customer has whole. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [plain = ''] = address.split('%');
  const parsed = ipaddr.process(plain);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':');
}
