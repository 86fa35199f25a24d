import type { Core } from '../../src/core/core.ts';
import { cancelJob } from '../../src/lifecycle/cancel.ts';
import { CANCEL_PATIENCE_MS } from '../../src/lifecycle/scripts/cancel.ts';
import type { BlockingReader } from '../../src/redis/blocking-reader.ts';
import { BLOCK_MS } from '../../src/redis/connect.ts';
import { parseRef, type Ref } from '../../src/redis/entry.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';

const READ_COUNT = 100;

/** A worker ends a cancelled job by itself in time, unless its event loop is blocked. */
const ENFORCE_AFTER_MS = CANCEL_PATIENCE_MS + 1_000;

/** Passes requests to cancel running jobs on, as soon as they are written, and sees that they come true. */
export class CancelListener {
  readonly #reader: BlockingReader;
  readonly #core: Core;
  readonly #queues: readonly QueueKeys[];
  readonly #onCancel: (queue: string, ref: string) => void;
  readonly #positions = new Map<string, string>();
  /** Oldest first. */
  readonly #asked: { keys: QueueKeys; ref: Ref; at: number }[] = [];

  constructor(
    reader: BlockingReader,
    core: Core,
    queues: readonly QueueKeys[],
    onCancel: (queue: string, ref: string) => void,
  ) {
    this.#reader = reader;
    this.#core = core;
    this.#queues = queues;
    this.#onCancel = onCancel;
  }

  readonly run = async (): Promise<number> => {
    await this.#findPositions();
    await this.#enforce();
    const streams = this.#queues.map((keys) => keys.control);
    const positions = streams.map((stream) => this.#positions.get(stream) ?? '0-0');
    const reply = await this.#reader.read((redis) =>
      redis.xread('COUNT', READ_COUNT, 'BLOCK', BLOCK_MS, 'STREAMS', ...streams, ...positions),
    );
    for (const [stream, entries] of reply ?? []) this.#dispatch(stream, entries);
    return 0;
  };

  interrupt(): Promise<void> {
    return this.#reader.interrupt();
  }

  /** From the last entry that was there when this process began: older requests were for older runs. */
  async #findPositions(): Promise<void> {
    for (const { control } of this.#queues) {
      if (this.#positions.has(control)) continue;
      const last = await this.#core.redis.xrevrange(control, '+', '-', 'COUNT', 1);
      this.#positions.set(control, last[0]?.[0] ?? '0-0');
    }
  }

  /** Takes cancelled jobs from workers that did not end them, whichever they are. */
  async #enforce(): Promise<void> {
    for (let first = this.#asked[0]; first !== undefined; first = this.#asked[0]) {
      if (performance.now() - first.at < ENFORCE_AFTER_MS) return;
      await cancelJob(this.#core, first.keys, first.ref, 'enforce');
      this.#asked.shift();
    }
  }

  #dispatch(stream: string, entries: [string, string[]][]): void {
    const keys = this.#queues.find(({ control }) => control === stream);
    for (const [id, [verb, ref]] of entries) {
      this.#positions.set(stream, id);
      if (keys === undefined || verb !== 'cancel' || ref === undefined) continue;
      this.#onCancel(keys.queue, ref);
      this.#asked.push({ keys, ref: parseRef(ref), at: performance.now() });
    }
  }
}
