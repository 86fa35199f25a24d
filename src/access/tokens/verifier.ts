import { createHash } from 'node:crypto';
import { type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../../clock.ts';
import { AppError } from '../../errors.ts';
import { subjectId } from './subject.ts';
import type { TokenKeys } from './token-keys.ts';

/** The public-key algorithms of RFC 7518 and RFC 8037. With `none` or a shared secret anybody could make tokens. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA'],
];

/** Clocks of issuers and of this host may differ by so much, seconds. */
const LEEWAY_S = 5;
/** A verified token is remembered for so long: to verify its signature again costs some 100 us. */
const REMEMBER_MS = 60_000;
const MAX_REMEMBERED = 10_000;

/** What a good token says. */
export interface VerifiedToken {
  /** Of its subject: see `subjectId`. */
  readonly id: string;
  /** The words of its claim `scope`. */
  readonly scopes: readonly string[];
  /** Unix ms. */
  readonly expiresAt: number;
}

interface Remembered<T> {
  readonly value: T;
  readonly expiresAt: number;
  /** Monotonic ms. */
  readonly until: number;
  readonly version: unknown;
}

/** Verifies JSON Web Tokens (RFC 7519) of one issuer for one audience. */
export class TokenVerifier<T> {
  readonly #keys: TokenKeys;
  readonly #expected: { issuer: string; audience: string };
  readonly #clock: Clock;
  readonly #make: (token: VerifiedToken) => T;
  /** By the digest of a token: the token itself must not lie in memory. The oldest comes first. */
  readonly #remembered = new Map<string, Remembered<T>>();

  /** @param make what `verify` gives for a good token; called once while it is remembered. */
  constructor(
    keys: TokenKeys,
    expected: { issuer: string; audience: string },
    clock: Clock,
    make: (token: VerifiedToken) => T,
  ) {
    this.#keys = keys;
    this.#expected = expected;
    this.#clock = clock;
    this.#make = make;
  }

  /** Undefined for a token that is not good, whatever the reason. @throws {AppError} keys-unavailable. */
  verify(text: string): T | undefined | Promise<T | undefined> {
    const digest = createHash('sha256').update(text).digest('base64');
    const found = this.#remembered.get(digest);
    if (found !== undefined && this.#isGood(found)) return found.value;
    return this.#verify(text, digest);
  }

  #isGood({ expiresAt, until, version }: Remembered<T>): boolean {
    const { wall, monotonic } = this.#clock;
    return version === this.#keys.version && monotonic() < until && wall() < expiresAt;
  }

  async #verify(text: string, digest: string): Promise<T | undefined> {
    const { version } = this.#keys;
    const token = await this.#read(text);
    if (token === undefined) return undefined;
    this.#remembered.delete(digest);
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined && this.#remembered.size >= MAX_REMEMBERED) this.#remembered.delete(oldest);
    const value = this.#make(token);
    const until = this.#clock.monotonic() + REMEMBER_MS;
    this.#remembered.set(digest, { value, expiresAt: token.expiresAt, until, version });
    return value;
  }

  async #read(text: string): Promise<VerifiedToken | undefined> {
    try {
      const { payload } = await jwtVerify(text, this.#keys.find, {
        ...this.#expected,
        algorithms: ALGORITHMS,
        clockTolerance: LEEWAY_S,
        currentDate: new Date(this.#clock.wall()),
        // A token without an end would be good for ever.
        requiredClaims: ['exp', 'sub'],
      });
      return toVerified(payload);
    } catch (error) {
      if (error instanceof AppError) throw error;
      // The token, or a key of the issuer that cannot be used: either way it proves nothing.
      return undefined;
    }
  }
}

function toVerified({ sub, exp, scope }: JWTPayload): VerifiedToken | undefined {
  if (typeof sub !== 'string' || sub === '' || exp === undefined) return undefined;
  const scopes = typeof scope === 'string' ? scope.split(' ').filter((word) => word !== '') : [];
  return { id: subjectId(sub), scopes, expiresAt: (exp + LEEWAY_S) * 1_000 };
}
