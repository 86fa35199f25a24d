import type { BlockingReader } from '../redis/blocking.ts';
import { BLOCK_MS, type Connection } from '../redis/connect.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { Recent } from './recent.ts';

/** The end of a job as the event tells it. */
export interface ShownEnd {
  /** As stored under its result key; see `redis/record.ts`. */
  readonly record: string;
  /** Unix ms. */
  readonly expiresAt: number;
}

/**
 * Called when something may have happened to the job; the place of the job is the truth. The end of a job that
 * somebody was known to wait for may come with it.
 */
export type Hint = (end?: ShownEnd) => void;

interface Followed {
  lastId: string;
  /** Of each job: who is told of anything, and who of its end only. */
  readonly hints: Map<string, Map<Hint, Interest>>;
  /** Jobs that have ended. */
  readonly ended: Recent;
  idleSince: number | undefined;
}

/** What of a job somebody wants to hear. */
export type Interest = 'all' | 'end';

/** A moment in what is known of a queue, before which nothing matters. */
export interface Mark {
  readonly followed: Followed;
  readonly ended: number;
  readonly faults: number;
}

const ENDS: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled', 'expired']);

/** A queue nobody waits for any more is still read for this long, since the next waiter is likely. */
const LINGER_MS = 30_000;
const READ_COUNT = 1_000;
const RETRY_MS = 200;

type StreamsReply = [stream: string, entries: [id: string, fields: string[]][]][] | null;

/**
 * One reader of events per process for all waiters: whatever their number, Redis sees one blocking read.
 *
 * A subscriber is told of everything after its `follow` has resolved, so: follow, then read the job. After
 * a fault of the connection every subscriber is told, since events may have been missed.
 */
export class EventFeed {
  readonly #reader: BlockingReader;
  readonly #commands: Connection;
  readonly #followed = new Map<string, Followed>();
  #running: Promise<void> | undefined;
  #closed = false;
  /** Times that events may have been missed. */
  #faults = 0;

  constructor(reader: BlockingReader, commands: Connection) {
    this.#reader = reader;
    this.#commands = commands;
  }

  /** Resolves once nothing that happens from now on can be missed; ask then with `mayHaveEnded`. */
  async mark(keys: QueueKeys): Promise<Mark> {
    const followed = this.#followed.get(keys.events) ?? (await this.#open(keys));
    followed.idleSince = undefined;
    return { followed, ended: followed.ended.count, faults: this.#faults };
  }

  /** Whether the job may have ended since the mark without a hint. */
  mayHaveEnded(keys: QueueKeys, ref: string, { followed, ended, faults }: Mark): boolean {
    if (this.#followed.get(keys.events) !== followed || this.#faults !== faults) return true;
    return followed.ended.mayHaveCome(ref, ended);
  }

  /** Resolves, once nothing can be missed, to the function that ends the subscription. */
  async follow(keys: QueueKeys, ref: string, hint: Hint, interest: Interest = 'all'): Promise<() => void> {
    const followed = this.#followed.get(keys.events) ?? (await this.#open(keys));
    const hints = followed.hints.get(ref) ?? new Map();
    hints.set(hint, interest);
    followed.hints.set(ref, hints);
    followed.idleSince = undefined;
    return () => {
      hints.delete(hint);
      if (hints.size === 0) followed.hints.delete(ref);
    };
  }

  /** Ends the reading. Subscribers hear nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#reader.interrupt().catch(() => undefined);
    await this.#running;
  }

  async #open(keys: QueueKeys): Promise<Followed> {
    const last = await this.#commands.xrevrange(keys.events, '+', '-', 'COUNT', 1);
    // Another waiter may have opened the queue meanwhile; its position is older or the same.
    const known = this.#followed.get(keys.events);
    if (known !== undefined) return known;
    const followed: Followed = {
      lastId: last[0]?.[0] ?? '0-0',
      hints: new Map(),
      ended: new Recent(),
      idleSince: undefined,
    };
    this.#followed.set(keys.events, followed);
    if (this.#running === undefined) this.#running = this.#run();
    else await this.#reader.interrupt();
    return followed;
  }

  async #run(): Promise<void> {
    while (!this.#closed && this.#followed.size > 0) {
      try {
        this.#dispatch(await this.#read());
      } catch {
        // The connection reports its own faults; what was missed meanwhile is found by looking again.
        this.#hintAll();
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
      this.#dropIdle();
    }
    this.#running = undefined;
  }

  #read(): Promise<StreamsReply> {
    const streams = [...this.#followed.keys()];
    const positions = [...this.#followed.values()].map((followed) => followed.lastId);
    return this.#reader.read((redis) =>
      redis.xread('COUNT', READ_COUNT, 'BLOCK', BLOCK_MS, 'STREAMS', ...streams, ...positions),
    );
  }

  #dispatch(reply: StreamsReply): void {
    for (const [stream, entries] of reply ?? []) {
      const followed = this.#followed.get(stream);
      if (followed === undefined) continue;
      for (const [id, fields] of entries) {
        followed.lastId = id;
        tell(followed, fields);
      }
    }
  }

  #hintAll(): void {
    this.#faults += 1;
    for (const followed of this.#followed.values()) {
      // An emptied Redis counts ids anew by its clock; positions stay valid since time goes on.
      for (const hints of followed.hints.values()) for (const hint of hints.keys()) hint();
    }
  }

  #dropIdle(): void {
    const now = performance.now();
    for (const [stream, followed] of this.#followed) {
      if (followed.hints.size > 0) continue;
      followed.idleSince ??= now;
      if (now - followed.idleSince > LINGER_MS) this.#followed.delete(stream);
    }
  }
}

/**
 * An entry tells one or more things that happened together: a kind (`e`), and the jobs that it happened to (`j`); before
 * them ends that somebody waits for (`r`).
 */
function tell({ hints, ended }: Followed, fields: readonly string[]): void {
  let isEnd = false;
  let shown: Map<string, ShownEnd> | undefined;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const value = fields[i + 1] ?? '';
    if (fields[i] === 'e') isEnd = ENDS.has(value);
    else if (fields[i] === 'r' && hints.size > 0) shown = withShown(shown, value);
    else if (fields[i] === 'j' && (isEnd || hints.size > 0)) {
      for (const ref of value.split(' ')) {
        if (isEnd) ended.add(ref);
        for (const [hint, interest] of hints.get(ref) ?? []) {
          if (isEnd || interest === 'all') hint(isEnd ? shown?.get(ref) : undefined);
        }
      }
    }
  }
}

function withShown(shown = new Map<string, ShownEnd>(), text: string): Map<string, ShownEnd> {
  const [ref = '', expiresAt] = text.split(' ', 2);
  const record = text.slice(ref.length + (expiresAt?.length ?? 0) + 2);
  return shown.set(ref, { record, expiresAt: Number(expiresAt) });
}
