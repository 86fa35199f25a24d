import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { AccessKeys } from './access-keys.ts';
import { ADMIN, type Caller, keyCaller } from './caller.ts';
import { digestOf, parseKeyText } from './key-text.ts';

/** Whom a token stands for, and for how long that may be remembered, ms. */
export interface Recognized {
  readonly caller: Caller;
  readonly forMs: number;
}

/** Tells whom a token stands for; undefined for a token that it does not know. Rejects when it cannot tell now. */
export type Recognizer = (token: string) => Promise<Recognized | undefined>;

interface Remembered {
  readonly caller: Caller;
  readonly until: number;
}

/** A revoked key is refused after so long at most, ms. */
export const REMEMBER_MS = 2_000;
/** Who knows a valid token can write its header in many ways. */
const MAX_CALLERS = 10_000;
const MAX_UNKNOWN = 1_000;

/** RFC 6750, 2.1: with any visible characters, since an operator chooses ADMIN_KEY. */
const BEARER = /^Bearer +([\x21-\x7e]+)$/i;

/**
 * Tells who sends a request by its Authorization header, and remembers it for two seconds: most requests then cost neither a
 * promise nor a hash nor a command of Redis.
 *
 * The memory is found by the text of the header. V8 compares two texts only where their hashes are equal, and seeds these by
 * process: a guess learns nothing by its time. See docs/decisions/0031.
 */
export class Authenticator {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #recognizers: readonly Recognizer[];
  readonly #callers = new Map<string, Remembered>();
  /** Header -> until when it is refused unread, monotonic ms. */
  readonly #unknown = new Map<string, number>();
  readonly #pending = new Map<string, Promise<Caller | undefined>>();

  /** @param recognizers are asked in this order. */
  constructor(clock: Pick<Clock, 'monotonic'>, recognizers: readonly Recognizer[]) {
    this.#clock = clock;
    this.#recognizers = recognizers;
  }

  /** The caller; undefined for a header that stands for nobody. Without a promise where it is remembered. */
  identify(header: string | undefined): Caller | undefined | Promise<Caller | undefined> {
    if (header === undefined) return undefined;
    const now = this.#clock.monotonic();
    const remembered = this.#callers.get(header);
    if (remembered !== undefined && now < remembered.until) return remembered.caller;
    if (now < (this.#unknown.get(header) ?? 0)) return undefined;
    return this.look(header);
  }

  /** Like `identify`, but without its memory, which hides for two seconds that a key is revoked. */
  look(header: string): Promise<Caller | undefined> {
    const looking = this.#pending.get(header) ?? this.#recognize(header);
    this.#pending.set(header, looking);
    return looking;
  }

  async #recognize(header: string): Promise<Caller | undefined> {
    // The memory counts from before the look: what is revoked after it must be refused in time.
    const now = this.#clock.monotonic();
    try {
      const recognized = await this.#ask(BEARER.exec(header)?.[1]);
      if (recognized === undefined) {
        this.#callers.delete(header);
        remember(this.#unknown, MAX_UNKNOWN, header, now + REMEMBER_MS);
        return undefined;
      }
      const { caller, forMs } = recognized;
      remember(this.#callers, MAX_CALLERS, header, { caller, until: now + Math.min(forMs, REMEMBER_MS) });
      return caller;
    } finally {
      this.#pending.delete(header);
    }
  }

  async #ask(token: string | undefined): Promise<Recognized | undefined> {
    if (token === undefined) return undefined;
    for (const recognize of this.#recognizers) {
      const recognized = await recognize(token);
      if (recognized !== undefined) return recognized;
    }
    return undefined;
  }
}

function remember<T>(memory: Map<string, T>, most: number, header: string, value: T): void {
  if (memory.size >= most) memory.clear();
  memory.set(header, value);
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Knows ADMIN_KEY. */
export function adminRecognizer(adminKey: string): Recognizer {
  const digest = sha256(adminKey);
  return async (token) =>
    timingSafeEqual(sha256(token), digest) ? { caller: ADMIN, forMs: REMEMBER_MS } : undefined;
}

/** What the digest of an unknown key is compared with, so that it takes as long as a known one. */
const NO_DIGEST = Buffer.alloc(32);

/** Knows the keys in Redis. */
export const keyRecognizer =
  (keys: Pick<AccessKeys, 'find'>): Recognizer =>
  async (token) => {
    const text = parseKeyText(token);
    if (text === undefined) return undefined;
    const { record, now } = await keys.find(text.id);
    const stored = Buffer.from(record?.digest ?? '', 'base64url');
    const isRight = timingSafeEqual(digestOf(text.secret), stored.length === 32 ? stored : NO_DIGEST);
    if (record === undefined || !isRight) return undefined;
    const { scopes, rate, expiresAt = Number.POSITIVE_INFINITY } = record;
    if (expiresAt <= now) return undefined;
    return { caller: keyCaller(text.id, scopes, rate), forMs: expiresAt - now };
  };
