import type { Clock } from '../../clock.ts';
import { REMEMBER_MS, type Recognizer } from '../authenticator.ts';
import { type Caller, tokenCaller } from '../caller.ts';
import type { TokenKeys } from './token-keys.ts';
import { TokenVerifier } from './verifier.ts';

/** Three parts of base64url (RFC 7515, 7.1). Keys have another form. */
const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Knows the tokens of the issuer. */
export function tokenRecognizer(
  keys: TokenKeys,
  expected: { readonly issuer: string; readonly audience: string },
  clock: Clock,
): Recognizer {
  const verifier = new TokenVerifier<{ caller: Caller; expiresAt: number }>(
    keys,
    expected,
    clock,
    ({ id, scopes, expiresAt }) => ({ caller: tokenCaller(id, scopes), expiresAt }),
  );
  return async (text) => {
    const found = JWT.test(text) ? await verifier.verify(text) : undefined;
    if (found === undefined) return undefined;
    return { caller: found.caller, forMs: Math.min(REMEMBER_MS, found.expiresAt - clock.wall()) };
  };
}
