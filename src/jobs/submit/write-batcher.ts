import { toError } from '../../errors.ts';
import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { appendJobs } from './scripts/append.ts';
import type { NewEntry } from './scripts/submit.ts';

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
export class WriteBatcher {
  readonly #redis: Connection;
  #groups = new Map<QueueKeys, Waiting[]>();

  constructor(redis: Connection) {
    this.#redis = redis;
  }

  /** Calls one of the two: with the entry id once Redis has it, or with why it has not. */
  append(entry: NewEntry, resolve: Waiting['resolve'], reject: Waiting['reject']): void {
    const group = this.#groups.get(entry.keys);
    if (group !== undefined) {
      group.push({ entry, resolve, reject });
      return;
    }
    if (this.#groups.size === 0) setImmediate(() => this.#flush());
    this.#groups.set(entry.keys, [{ entry, resolve, reject }]);
  }

  /** Entry ids, or why there is none, in the order of the entries, which are all of that queue. Never rejects. */
  async appendAll(keys: QueueKeys, entries: readonly NewEntry[]): Promise<(string | Error)[]> {
    const written = parts(entries).map(async (part) => {
      try {
        return await appendJobs(this.#redis, keys, part);
      } catch (error) {
        return part.map(() => toError(error));
      }
    });
    return (await Promise.all(written)).flat();
  }

  #flush(): void {
    const groups = this.#groups;
    // Not cleared: that leaves the old table behind with all that it held, which then lives until a full collection.
    this.#groups = new Map();
    for (const [keys, group] of groups) void this.#write(keys, group);
  }

  async #write(keys: QueueKeys, waiting: readonly Waiting[]): Promise<void> {
    const written = await this.appendAll(
      keys,
      waiting.map(({ entry }) => entry),
    );
    waiting.forEach(({ resolve, reject }, i) => {
      const id = written[i];
      if (typeof id === 'string') resolve(id);
      else reject(id);
    });
  }
}

/** The list in parts that are short enough for one call. */
function parts(entries: readonly NewEntry[]): NewEntry[][] {
  let part: NewEntry[] = [];
  const found = [part];
  let length = 0;
  for (const entry of entries) {
    if (part.length > 0 && (part.length === MOST_JOBS || length + entry.payload.length > MOST_LENGTH)) {
      part = [];
      found.push(part);
      length = 0;
    }
    part.push(entry);
    length += entry.payload.length;
  }
  return found;
}
