import { base64url, SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseKeySet } from '../../../src/access/tokens/key-set.ts';
import type { TokenKeys } from '../../../src/access/tokens/token-keys.ts';
import { TokenVerifier, type VerifiedToken } from '../../../src/access/tokens/verifier.ts';
import { systemClock } from '../../../src/clock.ts';
import { AppError } from '../../../src/errors.ts';
import { AUDIENCE, ISSUER, type IssuerKey, keySet, newKey, token } from '../../helpers/access/issuer.ts';

const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

const EXPECTED = { issuer: ISSUER, audience: AUDIENCE };
const nowS = () => Math.floor(Date.now() / 1_000);

/** Keys that a test can replace, and the calls so far. */
function fakeKeys(text: string) {
  let set = parseKeySet(text);
  let finds = 0;
  const keys: TokenKeys = {
    find: (header, jws) => {
      finds += 1;
      return set.find(header, jws);
    },
    get version() {
      return set;
    },
    stop: async () => undefined,
  };
  return {
    keys,
    replace: (next: string) => {
      set = parseKeySet(next);
    },
    get finds() {
      return finds;
    },
  };
}

let all: IssuerKey[];
let key: IssuerKey;
beforeAll(async () => {
  all = await Promise.all(ALGORITHMS.map((alg) => newKey(`key-${alg}`, alg)));
  key = all[6] as IssuerKey;
});

const verifierOf = (text = keySet(...all), clock = systemClock) => {
  const source = fakeKeys(text);
  return { source, verifier: new TokenVerifier(source.keys, EXPECTED, clock, (read: VerifiedToken) => read) };
};
const verify = async (text: string) => verifierOf().verifier.verify(text);

describe('a good token', () => {
  it.each(ALGORITHMS)('is one that is signed with %s', async (alg) => {
    const signing = all[ALGORITHMS.indexOf(alg)] as IssuerKey;
    expect(await verify(await token(signing))).toMatchObject({ id: 'ann', scopes: ['read'] });
  });

  it('may name several audiences', async () => {
    expect(await verify(await token(key, { aud: ['other', AUDIENCE] }))).toBeDefined();
  });

  it('may name no key where one alone fits', async () => {
    expect(await verify(await token(key, {}, { kid: undefined }))).toBeDefined();
  });

  it('is accepted some seconds after its end and before its begin', async () => {
    expect(await verify(await token(key, { exp: nowS() - 2 }))).toBeDefined();
    expect(await verify(await token(key, { nbf: nowS() + 2 }))).toBeDefined();
  });

  it.each([
    ['read submit:img-*', ['read', 'submit:img-*']],
    ['  read  ', ['read']],
    [undefined, []],
    [['read'], []],
  ])('has the words of its scope %j', async (scope, scopes) => {
    expect(await verify(await token(key, { scope }))).toMatchObject({ scopes });
  });
});

describe('a bad token', () => {
  const claims: [string, Readonly<Record<string, unknown>>][] = [
    ['another issuer', { iss: 'https://other.example' }],
    ['no issuer', { iss: undefined }],
    ['another audience', { aud: 'other' }],
    ['no audience', { aud: undefined }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['no end', { exp: undefined }],
    ['an end that is past', { exp: Math.floor(Date.now() / 1_000) - 60 }],
    ['a begin that is to come', { nbf: Math.floor(Date.now() / 1_000) + 60 }],
  ];
  it.each(claims)('is one with %s', async (_what, changed) => {
    expect(await verify(await token(key, changed))).toBeUndefined();
  });

  it('is one without a signature', async () => {
    const unsigned = new UnsecuredJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'ann', exp: nowS() + 60 }).encode();
    expect(await verify(unsigned)).toBeUndefined();
    expect(await verify(`${(await token(key)).split('.').slice(0, 2).join('.')}.`)).toBeUndefined();
  });

  it('is one that is signed with a public key as a shared secret', async () => {
    const rsa = all[0] as IssuerKey;
    const secret = new TextEncoder().encode(JSON.stringify(rsa.publicJwk));
    const forged = await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'ann', exp: nowS() + 60 })
      .setProtectedHeader({ alg: 'HS256', kid: rsa.kid })
      .sign(secret);
    expect(await verify(forged)).toBeUndefined();
  });

  it('is one of a shared secret that stands in the key set', async () => {
    const k = base64url.encode('s'.repeat(32));
    const text = JSON.stringify({ keys: [{ kty: 'oct', kid: 'oct', alg: 'HS256', k }, key.publicJwk] });
    const forged = await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'ann', exp: nowS() + 60 })
      .setProtectedHeader({ alg: 'HS256', kid: 'oct' })
      .sign(base64url.decode(k));
    expect(await verifierOf(text).verifier.verify(forged)).toBeUndefined();
  });

  it('is one with the key of another', async () => {
    const other = await newKey(key.kid, key.alg);
    expect(await verify(await token(other))).toBeUndefined();
  });

  it('is one whose claims were changed', async () => {
    const [header, , signature] = (await token(key)).split('.');
    const claimed = base64url.encode(
      JSON.stringify({ iss: ISSUER, aud: AUDIENCE, sub: 'root', exp: nowS() + 60, scope: 'admin' }),
    );
    expect(await verify(`${header}.${claimed}.${signature}`)).toBeUndefined();
  });

  it('is one that demands what nobody knows', async () => {
    const extended = await token(key, {}, { crit: ['exp'], exp: 1 }).catch(() => 'a.b.c');
    expect(await verify(extended)).toBeUndefined();
  });

  it('is one that brings its own key', async () => {
    const other = await newKey('own', 'ES256');
    expect(await verify(await token(other, {}, { jwk: other.publicJwk, jku: 'http://a' }))).toBeUndefined();
  });

  it.each(['', 'a', 'a.b.c', '..', 'mrk_1_2', 'e30.e30.e30', `${'a'.repeat(10_000)}.b.c`])(
    'is the text %j',
    async (text) => {
      expect(await verify(text)).toBeUndefined();
    },
  );
});

describe('a token that was verified', () => {
  const clockAt = () => {
    let offset = 0;
    return {
      clock: { wall: () => Date.now() + offset, monotonic: () => performance.now() + offset },
      advance: (ms: number) => {
        offset += ms;
      },
    };
  };

  it('is remembered for a minute', async () => {
    const { clock, advance } = clockAt();
    const { verifier, source } = verifierOf(undefined, clock);
    const text = await token(key);
    const first = await verifier.verify(text);
    advance(59_000);
    expect(verifier.verify(text)).toBe(first);
    expect(source.finds).toBe(1);
    advance(2_000);
    await verifier.verify(text);
    expect(source.finds).toBe(2);
  });

  it('is forgotten when it ends', async () => {
    const { clock, advance } = clockAt();
    const { verifier } = verifierOf(undefined, clock);
    const text = await token(key, { exp: nowS() + 10 });
    expect(await verifier.verify(text)).toBeDefined();
    advance(17_000);
    expect(await verifier.verify(text)).toBeUndefined();
  });

  it('is forgotten when its key is withdrawn', async () => {
    const { verifier, source } = verifierOf();
    const text = await token(key);
    expect(await verifier.verify(text)).toBeDefined();
    source.replace(keySet(all[0] as IssuerKey));
    expect(await verifier.verify(text)).toBeUndefined();
  });

  it('says nothing of another token', async () => {
    const { verifier } = verifierOf();
    await verifier.verify(await token(key));
    expect(await verifier.verify(`${await token(key)}x`)).toBeUndefined();
  });
});

describe('keys that nobody can read', () => {
  it('are not taken for a bad token', async () => {
    const failing: TokenKeys = {
      find: () => {
        throw new AppError('keys-unavailable', 'later');
      },
      version: undefined,
      stop: async () => undefined,
    };
    const verifier = new TokenVerifier(failing, EXPECTED, systemClock, (read: VerifiedToken) => read);
    await expect(verifier.verify(await token(key))).rejects.toMatchObject({ code: 'keys-unavailable' });
  });
});
