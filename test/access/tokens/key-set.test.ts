import { describe, expect, it } from 'vitest';
import { parseKeySet } from '../../../src/access/tokens/key-set.ts';
import { keySet, newKey } from '../../helpers/access/issuer.ts';

const JWS = { payload: '', signature: '' };

describe('a key set', () => {
  it.each(['', 'null', '[]', '{}', '{"keys":{}}', '{"keys":[]}', '{"keys":[null, 1]}', '<html>'])(
    'is refused when its text is %j',
    (text) => {
      expect(() => parseKeySet(text)).toThrow();
    },
  );

  it('is refused when it has only secrets', () => {
    expect(() => parseKeySet('{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}')).toThrow('no public key');
  });

  it('is refused when it has a private key only', async () => {
    const { publicJwk } = await newKey('a');
    expect(() => parseKeySet(JSON.stringify({ keys: [{ ...publicJwk, d: 'AA' }] }))).toThrow('no public key');
  });

  it('is refused when it has too many keys', async () => {
    const keys = Array.from({ length: 101 }, (_, i) => ({ kty: 'EC', kid: String(i) }));
    expect(() => parseKeySet(JSON.stringify({ keys }))).toThrow('101 keys');
  });

  it('finds a key by its name', async () => {
    const [one, other] = await Promise.all([newKey('one'), newKey('other')]);
    const set = parseKeySet(keySet(one, other));
    await expect(set.find({ alg: 'ES256', kid: 'other' }, JWS)).resolves.toBeDefined();
    await expect(set.find({ alg: 'ES256', kid: 'third' }, JWS)).rejects.toThrow();
  });
});
