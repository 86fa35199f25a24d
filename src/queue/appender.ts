import type { Connection } from '../redis/connect.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { append } from '../redis/scripts/append.ts';
import type { NewEntry } from '../redis/scripts/submit.ts';

interface Waiting {
  readonly entry: NewEntry;
  readonly resolve: (entryId: string) => void;
  readonly reject: (error: unknown) => void;
}

/** Jobs of one call: bounds the time for which it keeps Redis busy. */
const MOST_JOBS = 500;
/** Characters of payloads in one call, but for a single one that is longer. */
const MOST_LENGTH = 1_048_576;

/** Writes jobs that may start at once; all that come up in one turn of the event loop share a round trip. */
export class Appender {
  readonly #redis: Connection;
  readonly #groups = new Map<QueueKeys, Waiting[]>();

  constructor(redis: Connection) {
    this.#redis = redis;
  }

  /** Resolves to the entry id once Redis has it. */
  append(entry: NewEntry): Promise<string> {
    return new Promise((resolve, reject) => {
      const group = this.#groups.get(entry.keys);
      if (group !== undefined) {
        group.push({ entry, resolve, reject });
        return;
      }
      if (this.#groups.size === 0) setImmediate(() => this.#flush());
      this.#groups.set(entry.keys, [{ entry, resolve, reject }]);
    });
  }

  #flush(): void {
    for (const [keys, group] of this.#groups) {
      for (const part of parts(group, ({ entry }) => entry.payload.length)) void this.#write(keys, part);
    }
    this.#groups.clear();
  }

  async #write(keys: QueueKeys, waiting: readonly Waiting[]): Promise<void> {
    try {
      const written = await append(
        this.#redis,
        keys,
        waiting.map(({ entry }) => entry),
      );
      waiting.forEach(({ resolve, reject }, i) => {
        const id = written[i];
        if (typeof id === 'string') resolve(id);
        else reject(id);
      });
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}

/** The list in parts that are short enough for one call. */
function parts<T>(list: readonly T[], lengthOf: (item: T) => number): (readonly T[])[] {
  const found: T[][] = [];
  let part: T[] = [];
  let length = 0;
  for (const item of list) {
    if (part.length > 0 && (part.length === MOST_JOBS || length + lengthOf(item) > MOST_LENGTH)) {
      found.push(part);
      part = [];
      length = 0;
    }
    part.push(item);
    length += lengthOf(item);
  }
  found.push(part);
  return found;
}
