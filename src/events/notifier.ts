import type { Clock } from '../clock.ts';
import { BLOCK_MS } from '../redis/connect.ts';
import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { readAfter } from '../redis/reads/read-after.ts';
import type { StreamEntries, StreamReader } from '../redis/reads/stream-reader.ts';
import { dispatch, type Hint, type Interest } from './dispatch.ts';
import { RecentRefs } from './recent-refs.ts';

interface FollowedQueue {
  lastId: string;
  /** Job ref -> its listeners, with what each wants. */
  readonly hints: Map<string, Map<Hint, Interest>>;
  /** Called after every read that returned entries. */
  readonly watchers: Set<() => void>;
  /** Refs of jobs that have finished. */
  readonly finishedRefs: RecentRefs;
  idleSince: number | undefined;
}

/** A moment in the events of a queue, as this process has read them. */
export interface FeedPosition {
  readonly followed: FollowedQueue;
  readonly finished: number;
  readonly faults: number;
}

/** A queue without waiters is still read for this long, since the next waiter is likely to come. */
const LINGER_MS = 30_000;
const READ_COUNT = 1_000;
const RETRY_MS = 200;

/**
 * One reader of events per process for all waiters: whatever their number, Redis sees one blocking read.
 *
 * A listener hears of everything after its `follow` has resolved, so: follow, then read the job. After a fault of the
 * connection every listener is called, since events may have been missed.
 */
export class EventNotifier {
  readonly #reader: StreamReader;
  readonly #commands: Connection;
  readonly #clock: Clock;
  /** By stream: the events of a queue, or hints at its logs. */
  readonly #followed = new Map<string, FollowedQueue>();
  #running: Promise<void> | undefined;
  #closed = false;
  /** How often events may have been missed. */
  #faults = 0;

  constructor(reader: StreamReader, commands: Connection, clock: Clock) {
    this.#reader = reader;
    this.#commands = commands;
    this.#clock = clock;
  }

  /** Resolves once no later event can be missed. Pass the position to `mayHaveFinished`. */
  async position(keys: QueueKeys): Promise<FeedPosition> {
    const followed = this.#followed.get(keys.events) ?? (await this.#open(keys.events));
    followed.idleSince = undefined;
    return { followed, finished: followed.finishedRefs.count, faults: this.#faults };
  }

  /** Whether the job may have finished since the position was taken, without a hint. */
  mayHaveFinished(keys: QueueKeys, ref: string, { followed, finished, faults }: FeedPosition): boolean {
    if (this.#followed.get(keys.events) !== followed || this.#faults !== faults) return true;
    return followed.finishedRefs.mayHaveCome(ref, finished);
  }

  /** Calls `hint` for events of the job. Resolves, once none can be missed, to the function that ends this. */
  follow(keys: QueueKeys, ref: string, hint: Hint, interest: Interest = 'all'): Promise<() => void> {
    return this.#follow(keys.events, ref, hint, interest);
  }

  /** Calls `hint` when the log of the job may have got lines. Resolves as `follow` does. */
  followLog(keys: QueueKeys, ref: string, hint: Hint): Promise<() => void> {
    return this.#follow(keys.logHints, ref, hint, 'all');
  }

  async #follow(stream: string, ref: string, hint: Hint, interest: Interest): Promise<() => void> {
    const followed = this.#followed.get(stream) ?? (await this.#open(stream));
    const hints = followed.hints.get(ref) ?? new Map();
    hints.set(hint, interest);
    followed.hints.set(ref, hints);
    followed.idleSince = undefined;
    return () => {
      hints.delete(hint);
      if (hints.size === 0) followed.hints.delete(ref);
    };
  }

  /** Calls `wake` when something may have happened in the queue. Resolves as `follow` does. */
  async watch(keys: QueueKeys, wake: () => void): Promise<() => void> {
    const followed = this.#followed.get(keys.events) ?? (await this.#open(keys.events));
    followed.watchers.add(wake);
    followed.idleSince = undefined;
    return () => {
      followed.watchers.delete(wake);
    };
  }

  /** Stops reading. Listeners hear nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#reader.interrupt().catch(() => undefined);
    await this.#running;
  }

  async #open(stream: string): Promise<FollowedQueue> {
    const last = await this.#commands.xrevrange(stream, '+', '-', 'COUNT', 1);
    // During the read another waiter may have opened the queue; its position is older or the same.
    const opened = this.#followed.get(stream);
    if (opened !== undefined) return opened;
    const followed: FollowedQueue = {
      lastId: last[0]?.[0] ?? '0-0',
      hints: new Map(),
      watchers: new Set(),
      finishedRefs: new RecentRefs(),
      idleSince: undefined,
    };
    this.#followed.set(stream, followed);
    if (this.#running === undefined) this.#running = this.#run();
    else await this.#reader.interrupt();
    return followed;
  }

  async #run(): Promise<void> {
    while (!this.#closed && this.#followed.size > 0) {
      try {
        this.#dispatch(await this.#read());
      } catch {
        // The connection reports its own faults; listeners find missed events by reading again.
        this.#hintAll();
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
      this.#dropIdle();
    }
    this.#running = undefined;
  }

  #read(): Promise<StreamEntries> {
    const positions = new Map([...this.#followed].map(([stream, { lastId }]) => [stream, lastId]));
    return readAfter(this.#reader, positions, READ_COUNT, BLOCK_MS);
  }

  #dispatch(reply: StreamEntries): void {
    for (const [stream, entries] of reply) {
      const followed = this.#followed.get(stream);
      if (followed === undefined) continue;
      for (const [id, fields] of entries) {
        followed.lastId = id;
        dispatch(followed, fields ?? []);
      }
      for (const wake of followed.watchers) wake();
    }
  }

  #hintAll(): void {
    this.#faults += 1;
    for (const followed of this.#followed.values()) {
      // Positions stay valid after Redis was emptied: ids start from its clock, which goes on.
      for (const hints of followed.hints.values()) for (const hint of hints.keys()) hint();
      for (const wake of followed.watchers) wake();
    }
  }

  #dropIdle(): void {
    const now = this.#clock.monotonic();
    for (const [stream, followed] of this.#followed) {
      if (followed.hints.size + followed.watchers.size > 0) continue;
      followed.idleSince ??= now;
      if (now - followed.idleSince > LINGER_MS) this.#followed.delete(stream);
    }
  }
}
