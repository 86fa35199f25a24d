import type { BlockingReader } from '../../redis/blocking-reader.ts';
import { BLOCK_MS } from '../../redis/connect.ts';
import type { Connection } from '../../redis/connection.ts';
import { inOrder, lanes, type QueueKeys } from '../../redis/keys.ts';
import { withExistingKeys } from '../scripts/existing-keys.ts';
import { readLastIds } from '../scripts/last-ids.ts';

/** A moment in the streams of a queue: what comes after it is news. */
export type StreamPositions = ReadonlyMap<string, string>;

const RETRY_MS = 200;

interface Asked {
  readonly keys: QueueKeys;
  readonly resolve: (mayFallDue: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Tells of queues that may have got jobs, all of a process on one blocking read, which takes nothing: whoever is told
 * has to look. A queue is watched until there is news of it, once.
 *
 * After a fault of the connection there is news of every queue, since some may have been missed.
 */
export class WorkWatch {
  readonly #reader: BlockingReader;
  readonly #commands: Connection;
  #onNews: (keys: QueueKeys) => void = () => undefined;
  readonly #watched = new Map<QueueKeys, Map<string, string>>();
  #asked: Asked[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(reader: BlockingReader, commands: Connection) {
    this.#reader = reader;
    this.#commands = commands;
  }

  /** Who is told. */
  onNews(tell: (keys: QueueKeys) => void): void {
    this.#onNews = tell;
  }

  /** Where the streams of the queue end now. */
  async positions(keys: QueueKeys): Promise<StreamPositions> {
    const streams = [...lanes(keys), keys.wake];
    const ends = await readLastIds(this.#commands, streams);
    return new Map(streams.map((stream, i) => [stream, ends[i] ?? '0-0']));
  }

  /**
   * Whether jobs wait for their time, of which there may be no news when it comes. What is asked in one turn of the event
   * loop is asked together.
   */
  mayFallDue(keys: QueueKeys): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ keys, resolve, reject });
      if (this.#asked.length === 1) setImmediate(() => void this.#ask());
    });
  }

  async #ask(): Promise<void> {
    const asked = this.#asked;
    this.#asked = [];
    try {
      const waiting = ({ keys: { scheduled, due } }: Asked) => [scheduled, ...inOrder(due)];
      const found = new Set(await withExistingKeys(this.#commands, asked, waiting));
      for (const one of asked) one.resolve(found.has(one));
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  /** There is news of the queue once something comes after the positions. */
  watch(keys: QueueKeys, positions: StreamPositions): void {
    this.#watched.set(keys, new Map(positions));
    if (this.#running === undefined) this.#running = this.#run();
    else void this.#reader.interrupt().catch(() => undefined);
  }

  isWatched(keys: QueueKeys): boolean {
    return this.#watched.has(keys);
  }

  unwatch(keys: QueueKeys): void {
    this.#watched.delete(keys);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#reader.interrupt().catch(() => undefined);
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#closed && this.#watched.size > 0) {
      try {
        const found = await this.#read();
        for (const keys of [...this.#watched.keys()]) {
          if (found.has(keys.wake) || lanes(keys).some((lane) => found.has(lane))) this.#tell(keys);
        }
      } catch {
        // The connection reports its own faults.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        for (const keys of [...this.#watched.keys()]) this.#tell(keys);
      }
    }
    this.#running = undefined;
  }

  #tell(keys: QueueKeys): void {
    this.#watched.delete(keys);
    this.#onNews(keys);
  }

  /** The streams with something new. */
  async #read(): Promise<ReadonlySet<string>> {
    const all = [...this.#watched.values()].flatMap((positions) => [...positions]);
    const streams = all.map(([stream]) => stream);
    const ids = all.map(([, id]) => id);
    // One entry is news enough, and may be long.
    const reply = await this.#reader.read((redis) =>
      redis.xread('COUNT', 1, 'BLOCK', BLOCK_MS, 'STREAMS', ...streams, ...ids),
    );
    return new Set(reply?.map(([stream]) => stream));
  }
}
