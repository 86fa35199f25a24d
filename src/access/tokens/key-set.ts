import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { parseJson } from '../../redis/parse-json.ts';

/** Bytes of a JSON Web Key Set, and keys in it. A provider has a few keys of about 1 KB each. */
export const MAX_SET_BYTES = 262_144;
const MAX_KEYS = 100;

/** Public keys of a token issuer (RFC 7517), as one text named them. */
export interface KeySet {
  /** Equal texts are equal sets. */
  readonly text: string;
  /** The key that a token names. @throws {errors.JWKSNoMatchingKey} and other errors of jose for a token that is not good. */
  readonly find: JWTVerifyGetKey;
}

/** @throws {Error} for text that is no key set; it says why, for people. */
export function parseKeySet(text: string): KeySet {
  const value = parseJson(text);
  if (!isSet(value)) throw new Error('not a JSON Web Key Set: it must be {"keys": [...]}');
  if (value.keys.length > MAX_KEYS)
    throw new Error(`${value.keys.length} keys, which is more than ${MAX_KEYS}`);
  // A set with the secret of an HMAC, or a private key, is in the wrong hands: none of these may verify.
  const keys = value.keys.filter(isPublic);
  if (keys.length === 0) throw new Error('no public key of type RSA, EC or OKP');
  return { text, find: createLocalJWKSet({ keys }) };
}

interface Jwk {
  readonly kty: string;
}

const isSet = (value: unknown): value is { keys: unknown[] } =>
  typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys);

const isPublic = (key: unknown): key is Jwk =>
  typeof key === 'object' &&
  key !== null &&
  'kty' in key &&
  (key.kty === 'RSA' || key.kty === 'EC' || key.kty === 'OKP') &&
  !('d' in key);

/** Whether the set has no key that fits the token: a newer set may have it. */
export const isUnknownKey = (error: unknown): boolean => error instanceof errors.JWKSNoMatchingKey;
