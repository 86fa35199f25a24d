import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairFault, readTlsPair, tlsFaults } from '../../src/config/tls.ts';
import { FIRST, SECOND, writePair } from '../helpers/tls/pairs.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-tls-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('the files of the certificate', () => {
  it('are both set or both unset', () => {
    expect(tlsFaults({ tlsCertFile: '', tlsKeyFile: '' })).toEqual([]);
    expect(tlsFaults({ tlsCertFile: 'a', tlsKeyFile: '' })).toEqual([
      expect.stringMatching(/^TLS_CERT_FILE is set without TLS_KEY_FILE: /),
    ]);
    expect(tlsFaults({ tlsCertFile: '', tlsKeyFile: 'a' })).toEqual([
      expect.stringMatching(/^TLS_KEY_FILE is set without TLS_CERT_FILE: /),
    ]);
  });

  it('must be readable: both faults are told', () => {
    const files = { tlsCertFile: join(dir, 'none.crt'), tlsKeyFile: join(dir, 'none.key') };
    expect(tlsFaults(files)).toEqual([
      expect.stringMatching(/^TLS_CERT_FILE names a file that cannot be read: ENOENT/),
      expect.stringMatching(/^TLS_KEY_FILE names a file that cannot be read: ENOENT/),
    ]);
  });

  it('must belong together, and are then read', async () => {
    const files = await writePair(dir, FIRST);
    expect(tlsFaults(files)).toEqual([]);
    expect(readTlsPair(files)).toEqual(FIRST);
    expect(readTlsPair({ tlsCertFile: '', tlsKeyFile: '' })).toBeUndefined();
    await writeFile(files.tlsKeyFile, SECOND.key);
    expect(tlsFaults(files)).toEqual([
      'TLS_CERT_FILE and TLS_KEY_FILE cannot be used: the private key does not belong to the certificate',
    ]);
  });

  it.each([
    ['a cut certificate', { ...FIRST, cert: FIRST.cert.slice(0, 200) }],
    ['no certificate', { ...FIRST, cert: 'nothing' }],
    ['no key', { ...FIRST, key: '' }],
    ['the key in place of the certificate', { cert: FIRST.key, key: FIRST.key }],
  ])('cannot be used with %s, and no message holds a part of them', (_name, pair) => {
    const fault = pairFault(pair);
    expect(fault).toMatch(/\w/);
    expect(fault).not.toMatch(/[A-Za-z0-9+/]{40}/);
  });
});
