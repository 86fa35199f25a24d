import supertest from 'supertest';
import type { CreatedKey, NewKey } from '../../../src/schemas/keys/key.ts';

export const ADMIN_KEY = 'the-admin-key-of-the-tests-0123456789';

/** Settings of an API that asks for keys. */
export const WITH_KEYS = { AUTH: 'keys', ADMIN_KEY };

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** A busy machine may take long until the API reads the request. */
const BRIEF_MS = 1_500;

/** Makes a key that must be accepted. */
export async function makeKey(
  origin: string,
  scopes: string[],
  options: Omit<Partial<NewKey>, 'scopes'> = {},
): Promise<CreatedKey> {
  const answer = await supertest(origin)
    .post('/keys')
    .set(bearer(ADMIN_KEY))
    .send({ name: scopes.join(' '), scopes, ...options });
  if (answer.status !== 201) throw new Error(`a key was answered ${answer.status}: ${answer.text}`);
  return answer.body as CreatedKey;
}

/** Makes a key that expires in a moment. */
export const makeBriefKey = (origin: string, scopes: string[]): Promise<CreatedKey> =>
  makeKey(origin, scopes, { expiresAt: new Date(Date.now() + BRIEF_MS).toISOString() });
