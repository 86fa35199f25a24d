import { unwatchFile, watchFile } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { CompactVerifyGetKey } from 'jose';
import type { Observer } from '../../observer.ts';
import { type KeySet, MAX_SET_BYTES, parseKeySet } from './key-set.ts';
import { keysUnavailable, type TokenKeys } from './token-keys.ts';

/** Between two looks at the file. To look costs one stat, and also sees a link that leads to another file now. */
const LOOK_MS = 1_000;

/** The keys in JWKS_FILE, read again when the file changes. A file that cannot be read changes nothing. */
export class FileKeys implements TokenKeys {
  readonly #path: string;
  readonly #observe: Observer;
  #set: KeySet | undefined;
  #reading = Promise.resolve();

  constructor(path: string, observe: Observer) {
    this.#path = path;
    this.#observe = observe;
  }

  /** @throws {Error} when the file cannot be read. */
  async start(): Promise<void> {
    watchFile(this.#path, { interval: LOOK_MS, persistent: false }, this.#onChange);
    this.#set = await readKeyFile(this.#path);
  }

  get version(): unknown {
    return this.#set;
  }

  readonly find: CompactVerifyGetKey = (header, token) => {
    if (this.#set === undefined) throw keysUnavailable(1);
    return this.#set.find(header, token);
  };

  async stop(): Promise<void> {
    unwatchFile(this.#path, this.#onChange);
    await this.#reading;
  }

  readonly #onChange = (): void => {
    // One after the other, so that the last change counts.
    this.#reading = this.#reading.then(async () => {
      try {
        const read = await readKeyFile(this.#path);
        if (read.text !== this.#set?.text) this.#set = read;
      } catch (error) {
        this.#observe({ kind: 'keys-trouble', where: 'JWKS_FILE', error });
      }
    });
  };
}

async function readKeyFile(path: string): Promise<KeySet> {
  const { size } = await stat(path);
  if (size > MAX_SET_BYTES) throw new Error(`${path} has ${size} bytes, which is more than ${MAX_SET_BYTES}`);
  return parseKeySet(await readFile(path, 'utf8'));
}
