import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TlsPair, TlsSettings } from '../../../src/config/tls.ts';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/** Two self-signed certificates for localhost and 127.0.0.1, valid for a hundred years, with their keys. For tests only. */
export const FIRST: TlsPair = { cert: read('first.crt'), key: read('first.key') };
export const SECOND: TlsPair = { cert: read('second.crt'), key: read('second.key') };

/** Writes a pair into the folder, as `tls.crt` and `tls.key`. */
export async function writePair(dir: string, { cert, key }: TlsPair): Promise<TlsSettings> {
  const files = { tlsCertFile: join(dir, 'tls.crt'), tlsKeyFile: join(dir, 'tls.key') };
  await writeFile(files.tlsCertFile, cert);
  await writeFile(files.tlsKeyFile, key);
  return files;
}
