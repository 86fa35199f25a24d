import type { Connection } from '../connection.ts';
import { isUnavailable } from '../faults.ts';
import type { QueueKeys } from '../keys.ts';
import { primaryNamer } from './primaries.ts';

/** Reads several queues for one answer. In a Cluster the primaries of some may be away; one server has all queues or none. */
export class PartialRead {
  readonly #primaryOf: ReturnType<typeof primaryNamer>;
  readonly #away = new Set<string>();
  readonly #missing = new Set<string>();

  constructor(redis: Connection) {
    this.#primaryOf = primaryNamer(redis);
  }

  /** What `read` resolves to; undefined where the primary of the queue is away. Other queues of that primary are then not tried. */
  async of<T>(keys: QueueKeys, read: () => Promise<T>): Promise<T | undefined> {
    if (this.#primaryOf === undefined) return read();
    const primary = this.#primaryOf(keys);
    if (!this.#away.has(primary)) {
      try {
        return await read();
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        this.#away.add(primary);
      }
    }
    this.#missing.add(keys.queue);
    return undefined;
  }

  /** The queues that the answer lacks, as its field. */
  get missing(): { missing?: string[] } {
    return this.#missing.size === 0 ? {} : { missing: [...this.#missing].sort() };
  }
}
