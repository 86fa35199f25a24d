import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TlsPair } from '../../../src/config/tls.ts';
import { CertificateWatch } from '../../../src/http/network/certificate-watch.ts';
import { recordEvents } from '../../helpers/telemetry/recorder.ts';
import { FIRST, SECOND, writePair } from '../../helpers/tls/pairs.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-tls-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function watched(files = writePair(dir, FIRST)) {
  const used: TlsPair[] = [];
  const { observe, events } = recordEvents();
  const watch = new CertificateWatch(await files, FIRST, (pair) => used.push(pair), observe);
  await watch.run();
  await watch.run();
  return { used, events, kinds: () => events.map(({ kind }) => kind), look: watch.run };
}

describe('CertificateWatch', () => {
  it('hands a changed pair on once two looks have found it', async () => {
    const { used, look, events } = await watched();
    expect(used).toEqual([]);
    await writePair(dir, SECOND);
    await look();
    expect(used).toEqual([]);
    for (let count = 0; count < 3; count += 1) await look();
    expect(used).toEqual([SECOND]);
    expect(events).toEqual([{ kind: 'certificate-loaded', validTo: expect.stringContaining('2126') }]);
  });

  it('takes no pair while only one of its files has changed', async () => {
    const { used, look, kinds } = await watched();
    await writeFile(join(dir, 'tls.crt'), SECOND.cert);
    await look();
    await writeFile(join(dir, 'tls.key'), SECOND.key);
    await look();
    await look();
    expect([used, kinds()]).toEqual([[SECOND], ['certificate-loaded']]);
  });

  it('tells once of a pair that cannot be used, and takes the next one', async () => {
    const { used, look, events } = await watched();
    await writeFile(join(dir, 'tls.key'), SECOND.key);
    for (let count = 0; count < 4; count += 1) await look();
    expect(used).toEqual([]);
    expect(events).toEqual([
      { kind: 'certificate-refused', reason: 'the private key does not belong to the certificate' },
    ]);
    await rm(join(dir, 'tls.crt'));
    for (let count = 0; count < 4; count += 1) await look();
    expect(events.slice(1)).toEqual([
      { kind: 'certificate-refused', reason: expect.stringMatching(/^ENOENT/) },
    ]);
    await writePair(dir, SECOND);
    await look();
    await look();
    expect(used).toEqual([SECOND]);
  });

  it('tells again if the same fault comes back after a good pair', async () => {
    const { look, kinds } = await watched();
    for (let count = 0; count < 2; count += 1) {
      await writeFile(join(dir, 'tls.key'), SECOND.key);
      await look();
      await look();
      await writePair(dir, FIRST);
      await look();
      await look();
    }
    expect(kinds()).toEqual(['certificate-refused', 'certificate-refused']);
  });

  it('sees a swapped link, as Kubernetes updates a mounted secret', async () => {
    for (const [name, pair] of [
      ['1', FIRST],
      ['2', SECOND],
    ] as const) {
      await mkdir(join(dir, name));
      await writePair(join(dir, name), pair);
    }
    await symlink('1', join(dir, '..data'));
    for (const name of ['tls.crt', 'tls.key']) await symlink(join('..data', name), join(dir, name));
    const { used, look } = await watched(
      Promise.resolve({ tlsCertFile: join(dir, 'tls.crt'), tlsKeyFile: join(dir, 'tls.key') }),
    );
    await symlink('2', join(dir, '..next'));
    await rename(join(dir, '..next'), join(dir, '..data'));
    await look();
    await look();
    expect(used).toEqual([SECOND]);
  });
});
