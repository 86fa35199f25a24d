import type { CompactVerifyGetKey } from 'jose';
import { AppError } from '../../errors.ts';

/** Where the keys come from that verify tokens. */
export interface TokenKeys {
  /**
   * The key that a token names.
   *
   * @throws {AppError} keys-unavailable while nobody can tell; errors of jose for a token that names no key of the issuer.
   */
  readonly find: CompactVerifyGetKey;
  /** Changes with the keys: what was verified with others counts no more. */
  readonly version: unknown;
  stop(): Promise<void>;
}

export const keysUnavailable = (retryAfterS: number, cause?: unknown): AppError =>
  new AppError(
    'keys-unavailable',
    'The keys that verify tokens cannot be read at the moment. Try again after Retry-After seconds, or use an API key.',
    { retryAfterS, ...(cause === undefined ? {} : { cause }) },
  );
