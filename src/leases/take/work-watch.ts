import { withExistingKeys } from '../../core/scripts/existing-keys.ts';
import type { BlockingReader } from '../../redis/blocking-reader.ts';
import { BLOCK_MS } from '../../redis/connect.ts';
import type { Connection } from '../../redis/connection.ts';
import { inOrder, lanes, type QueueKeys } from '../../redis/keys.ts';
import { readLastIds } from '../scripts/last-ids.ts';

/** By stream of a queue, the id of its last entry. */
export type StreamPositions = ReadonlyMap<string, string>;

const RETRY_MS = 200;

/** Wake tokens tell of due jobs and of room below a limit. Messages in `control` tell of held jobs and new limits. */
const newsStreams = (keys: QueueKeys): string[] => [keys.wake, keys.control];

/** Jobs come into lanes. */
const watchedStreams = (keys: QueueKeys): string[] => [...lanes(keys), ...newsStreams(keys)];

interface DelayedCheck {
  readonly keys: QueueKeys;
  readonly resolve: (hasDelayedJobs: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reports queues with new entries. One blocking read watches all queues of a process; it takes no jobs, so the listener
 * must take them. A report ends the watch of its queue.
 *
 * After a connection error every queue is reported, since entries may have been missed.
 */
export class WorkWatch {
  readonly #reader: BlockingReader;
  readonly #commands: Connection;
  #onWork: (keys: QueueKeys) => void = () => undefined;
  readonly #watched = new Map<QueueKeys, Map<string, string>>();
  #delayedChecks: DelayedCheck[] = [];
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(reader: BlockingReader, commands: Connection) {
    this.#reader = reader;
    this.#commands = commands;
  }

  /** Sets the one listener. */
  onWork(listener: (keys: QueueKeys) => void): void {
    this.#onWork = listener;
  }

  /** Where the queue's streams end now. At the limit of the queue only the streams that tell of room matter. */
  async positions(keys: QueueKeys, isAtLimit = false): Promise<StreamPositions> {
    const streams = isAtLimit ? newsStreams(keys) : watchedStreams(keys);
    const ids = await readLastIds(this.#commands, streams);
    return new Map(streams.map((stream, i) => [stream, ids[i] ?? '0-0']));
  }

  /**
   * Whether the queue has jobs that wait for their time; they may add no entry when it comes. One command answers all
   * calls of one turn of the event loop.
   */
  hasDelayedJobs(keys: QueueKeys): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#delayedChecks.push({ keys, resolve, reject });
      if (this.#delayedChecks.length === 1) setImmediate(() => void this.#checkDelayed());
    });
  }

  async #checkDelayed(): Promise<void> {
    const checks = this.#delayedChecks;
    this.#delayedChecks = [];
    try {
      const delayedIn = ({ keys: { scheduled, due } }: DelayedCheck) => [scheduled, ...inOrder(due)];
      const found = new Set(await withExistingKeys(this.#commands, checks, delayedIn));
      for (const check of checks) check.resolve(found.has(check));
    } catch (error) {
      for (const { reject } of checks) reject(error);
    }
  }

  /** Reports the queue once, when an entry comes after the positions. */
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
    this.#isClosed = true;
    await this.#reader.interrupt().catch(() => undefined);
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isClosed && this.#watched.size > 0) {
      try {
        const streams = await this.#readChanged();
        for (const keys of [...this.#watched.keys()]) {
          if (watchedStreams(keys).some((stream) => streams.has(stream))) this.#report(keys);
        }
      } catch {
        // The connection reports its own errors.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        for (const keys of [...this.#watched.keys()]) this.#report(keys);
      }
    }
    this.#running = undefined;
  }

  #report(keys: QueueKeys): void {
    this.#watched.delete(keys);
    this.#onWork(keys);
  }

  /** The streams with entries after their positions. */
  async #readChanged(): Promise<ReadonlySet<string>> {
    const all = [...this.#watched.values()].flatMap((positions) => [...positions]);
    const streams = all.map(([stream]) => stream);
    const ids = all.map(([, id]) => id);
    // One entry per stream is enough to know, and entries may be large.
    const reply = await this.#reader.read((redis) =>
      redis.xread('COUNT', 1, 'BLOCK', BLOCK_MS, 'STREAMS', ...streams, ...ids),
    );
    return new Set(reply?.map(([stream]) => stream));
  }
}
