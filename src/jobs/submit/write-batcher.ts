import { toError } from '../../errors.ts';
import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { appendJobs } from './scripts/append.ts';
import type { NewEntry } from './scripts/submit.ts';

interface PendingWrite {
  readonly entry: NewEntry;
  readonly resolve: (entryId: string) => void;
  readonly reject: (error: unknown) => void;
}

/** Most jobs of one call. Bounds the time for which it blocks Redis. */
const MAX_CALL_JOBS = 500;
/** Most characters of payloads in one call. A longer payload gets a call of its own. */
const MAX_CALL_LENGTH = 1_048_576;

/** Appends jobs to lanes. All jobs of one turn of the event loop share a round trip. */
export class WriteBatcher {
  readonly #redis: Connection;
  #groups = new Map<QueueKeys, PendingWrite[]>();

  constructor(redis: Connection) {
    this.#redis = redis;
  }

  /** Calls `resolve` with the entry id once Redis has stored the job, or `reject` with the error. */
  append(entry: NewEntry, resolve: PendingWrite['resolve'], reject: PendingWrite['reject']): void {
    const group = this.#groups.get(entry.keys);
    if (group !== undefined) {
      group.push({ entry, resolve, reject });
      return;
    }
    if (this.#groups.size === 0) setImmediate(() => this.#flush());
    this.#groups.set(entry.keys, [{ entry, resolve, reject }]);
  }

  /** Entry ids or errors, in the order of the entries, which must all be of that queue. Never rejects. */
  async appendAll(keys: QueueKeys, entries: readonly NewEntry[]): Promise<(string | Error)[]> {
    const calls = splitIntoCalls(entries).map(async (call) => {
      try {
        return await appendJobs(this.#redis, keys, call);
      } catch (error) {
        return call.map(() => toError(error));
      }
    });
    return (await Promise.all(calls)).flat();
  }

  #flush(): void {
    const groups = this.#groups;
    // Replaced, not cleared: a cleared Map keeps its old backing store alive until a full collection.
    this.#groups = new Map();
    for (const [keys, group] of groups) void this.#write(keys, group);
  }

  async #write(keys: QueueKeys, group: readonly PendingWrite[]): Promise<void> {
    const written = await this.appendAll(
      keys,
      group.map(({ entry }) => entry),
    );
    group.forEach(({ resolve, reject }, i) => {
      const id = written[i];
      if (typeof id === 'string') resolve(id);
      else reject(id);
    });
  }
}

/** Splits the entries into lists that are short enough for one call. */
function splitIntoCalls(entries: readonly NewEntry[]): NewEntry[][] {
  let call: NewEntry[] = [];
  const calls = [call];
  let length = 0;
  for (const entry of entries) {
    if (
      call.length > 0 &&
      (call.length === MAX_CALL_JOBS || length + entry.payload.length > MAX_CALL_LENGTH)
    ) {
      call = [];
      calls.push(call);
      length = 0;
    }
    call.push(entry);
    length += entry.payload.length;
  }
  return calls;
}
