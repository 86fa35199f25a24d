import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { type Check, type SettingsOf, text } from './setting-kinds.ts';

/** The files of the API's certificate; both are '' for plain HTTP. */
export interface TlsSettings {
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
}

/** A certificate with its chain, and its private key, as PEM. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

export const TLS_SETTINGS: SettingsOf<TlsSettings> = {
  tlsCertFile: text({
    variable: 'TLS_CERT_FILE',
    usedBy: 'api',
    meaning:
      'Serve HTTPS with the certificate in this PEM file: the certificate first, then its chain. The API reads both files again within 10 s of a change, and drops no connection.',
    fallback: '',
    expected: 'a file',
    example: '/etc/millrace/tls.crt',
    accepts: () => true,
  }),
  tlsKeyFile: text({
    variable: 'TLS_KEY_FILE',
    usedBy: 'api',
    meaning: 'The PEM file with the private key of `TLS_CERT_FILE`, without a passphrase.',
    fallback: '',
    expected: 'a file',
    example: '/etc/millrace/tls.key',
    accepts: () => true,
  }),
};

/** What is wrong with the files of the certificate, each with what to do; empty if they can be used, or are not set. */
export function tlsFaults({ tlsCertFile, tlsKeyFile }: TlsSettings): string[] {
  if (tlsCertFile === '' && tlsKeyFile === '') return [];
  if (tlsCertFile === '' || tlsKeyFile === '') {
    const [set, missing] =
      tlsCertFile === '' ? ['TLS_KEY_FILE', 'TLS_CERT_FILE'] : ['TLS_CERT_FILE', 'TLS_KEY_FILE'];
    return [`${set} is set without ${missing}: set both to serve HTTPS, or none to serve HTTP`];
  }
  const faults: string[] = [];
  const read = (variable: string, file: string): string => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      faults.push(`${variable} names a file that cannot be read: ${messageOf(error)}`);
      return '';
    }
  };
  const pair = { cert: read('TLS_CERT_FILE', tlsCertFile), key: read('TLS_KEY_FILE', tlsKeyFile) };
  const fault = faults.length === 0 ? pairFault(pair) : undefined;
  if (fault !== undefined) faults.push(`TLS_CERT_FILE and TLS_KEY_FILE cannot be used: ${fault}`);
  return faults;
}

/** The files of a certificate must be there and go together. */
export const mustBeUsable: Check<TlsSettings> = {
  usedBy: 'api',
  faultOf: (config) => tlsFaults(config).join('; ') || undefined,
};

/** The pair of the configuration, once `tlsFaults` has found nothing; undefined for plain HTTP. */
export function readTlsPair({ tlsCertFile, tlsKeyFile }: TlsSettings): TlsPair | undefined {
  if (tlsCertFile === '') return undefined;
  return { cert: readFileSync(tlsCertFile, 'utf8'), key: readFileSync(tlsKeyFile, 'utf8') };
}

/** Why a server cannot use the pair, for people; undefined if it can. */
export function pairFault({ cert, key }: TlsPair): string | undefined {
  try {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
      return 'the private key does not belong to the certificate';
    }
    createSecureContext({ cert, key });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Of an OpenSSL error the reason alone: it names no part of the files. */
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
