import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { pairFault, type TlsPair, type TlsSettings } from '../../config/tls.ts';
import type { Observer } from '../../observer.ts';

/** Between two looks at the files, ms. Their text counts: a watch of the folder would miss swapped links. */
const LOOK_MS = 5_000;

/** What a look has found: a pair, or why there is none. */
type Found = TlsPair | string;

const isSame = (one: Found | undefined, other: Found | undefined): boolean =>
  typeof one === 'object' && typeof other === 'object'
    ? one.cert === other.cert && one.key === other.key
    : one === other;

/**
 * Sees when the files of the certificate change, and hands a new pair on. A pair that cannot be used is told of once;
 * the one before it stays in use.
 */
export class CertificateWatch {
  readonly #files: TlsSettings;
  readonly #use: (pair: TlsPair) => void;
  readonly #observe: Observer;
  #used: Found;
  #refused: Found | undefined;
  #seen: Found | undefined;

  /** @param used the pair that is in use now. */
  constructor(files: TlsSettings, used: TlsPair, use: (pair: TlsPair) => void, observe: Observer) {
    this.#files = files;
    this.#used = used;
    this.#use = use;
    this.#observe = observe;
  }

  /** Looks once. @returns the time until the next look, ms. */
  readonly run = async (): Promise<number> => {
    const found = await this.#read();
    // Both files change one after the other: only what two looks have found counts.
    const isSettled = isSame(found, this.#seen);
    this.#seen = found;
    if (!isSettled || isSame(found, this.#refused)) return LOOK_MS;
    if (isSame(found, this.#used)) this.#refused = undefined;
    else this.#take(found);
    return LOOK_MS;
  };

  #take(found: Found): void {
    const fault = typeof found === 'string' ? found : pairFault(found);
    if (typeof found === 'string' || fault !== undefined) {
      this.#refused = found;
      this.#observe({ kind: 'certificate-refused', reason: fault ?? '' });
      return;
    }
    this.#use(found);
    this.#used = found;
    this.#refused = undefined;
    this.#observe({ kind: 'certificate-loaded', validTo: new X509Certificate(found.cert).validTo });
  }

  async #read(): Promise<Found> {
    try {
      const cert = await readFile(this.#files.tlsCertFile, 'utf8');
      return { cert, key: await readFile(this.#files.tlsKeyFile, 'utf8') };
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}
