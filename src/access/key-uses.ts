import type { Connection } from '../redis/connection.ts';
import type { AccessKeys } from '../redis/keys.ts';
import { inSteps } from '../redis/script/in-steps.ts';
import type { Caller } from './caller.ts';
import { noteUses } from './scripts/keys.ts';

/** `lastUsedAt` is exact to a minute, and a process may stop before it writes. */
const WRITE_EVERY_MS = 10_000;
/** Keys of one write. */
const MAX_WRITTEN = 500;

/** Which keys have been used since the last write. A loop writes them together: a request writes nothing. */
export class KeyUses {
  readonly #redis: Connection;
  readonly #keys: AccessKeys;
  #used = new Set<string>();

  constructor({ redis, keySpace }: { redis: Connection; keySpace: { access: AccessKeys } }) {
    this.#redis = redis;
    this.#keys = keySpace.access;
  }

  note({ id, isKey }: Caller): void {
    if (isKey) this.#used.add(id);
  }

  /** Writes what was noted; returns the ms until the next time. */
  readonly run = async (): Promise<number> => {
    const used = [...this.#used];
    this.#used = new Set();
    try {
      await inSteps(used, MAX_WRITTEN, async (some) => {
        await noteUses(this.#redis, this.#keys, some);
        return [];
      });
    } catch (error) {
      for (const id of used) this.#used.add(id);
      throw error;
    }
    return WRITE_EVERY_MS;
  };
}
