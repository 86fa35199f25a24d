import type { Core } from '../../src/core/core.ts';
import { cancelJob } from '../../src/lifecycle/cancel-and-expire.ts';
import { LIMITS_MESSAGE } from '../../src/lifecycle/limits/settings.ts';
import { CANCEL_PATIENCE_MS } from '../../src/lifecycle/scripts/cancel.ts';
import { HELD_MESSAGE } from '../../src/lifecycle/scripts/holds/hold.ts';
import type { BlockingReader } from '../../src/redis/blocking-reader.ts';
import { parseRef, type Ref } from '../../src/redis/job-id.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { DRAIN_MESSAGE } from '../../src/workers/record.ts';

const READ_COUNT = 100;
/** A read of this connection may block for this long, ms. */
export const CONTROL_BLOCK_MS = 10_000;

/** A worker settles a cancelled job in time, unless its event loop is blocked. */
const ENFORCE_AFTER_MS = CANCEL_PATIENCE_MS + 1_000;

export interface ControlHandlers {
  readonly onCancel: (queue: string, ref: string) => void;
  /**
   * A job of the class has just been held; undefined stands for any class. It is also called when limits of the queue have changed,
   * since held jobs may start then.
   */
  readonly onHeld: (queue: string, holdClass: string | undefined) => void;
  /** The worker of this name is to drain. */
  readonly onDrain?: (worker: string) => void;
}

interface CancelRequest {
  keys: QueueKeys;
  ref: Ref;
  /** Monotonic ms. */
  receivedAt: number;
}

/**
 * Forwards requests to cancel running jobs as soon as they are written, and enforces those that are not obeyed. Forwards classes
 * of held jobs, and drains, too.
 */
export class CancelListener {
  readonly #reader: BlockingReader;
  readonly #core: Core;
  readonly #queues: readonly QueueKeys[];
  readonly #handlers: ControlHandlers;
  /** Id of the last entry that was read, by control stream. */
  readonly #positions = new Map<string, string>();
  /** Oldest first. */
  readonly #requests: CancelRequest[] = [];

  constructor(core: Core, reader: BlockingReader, queues: readonly QueueKeys[], handlers: ControlHandlers) {
    this.#reader = reader;
    this.#core = core;
    this.#queues = queues;
    this.#handlers = handlers;
  }

  readonly run = async (): Promise<number> => {
    await this.#findPositions();
    await this.#enforce();
    const streams = this.#queues
      .map(({ control }) => control)
      .filter((stream) => this.#positions.has(stream));
    if (streams.length === 0) return CONTROL_BLOCK_MS;
    const positions = streams.map((stream) => this.#positions.get(stream) ?? '0-0');
    const reply = await this.#reader.read((redis) =>
      redis.xread('COUNT', READ_COUNT, 'BLOCK', this.#blockMs, 'STREAMS', ...streams, ...positions),
    );
    for (const [stream, entries] of reply ?? []) this.#forward(stream, entries);
    return 0;
  };

  /** Until the first request is to be enforced, ms, at most as long as a read may block. */
  get #blockMs(): number {
    const [oldest] = this.#requests;
    if (oldest === undefined) return CONTROL_BLOCK_MS;
    const untilDueMs = oldest.receivedAt + ENFORCE_AFTER_MS - this.#core.clock.monotonic();
    return Math.ceil(Math.min(CONTROL_BLOCK_MS, Math.max(1, untilDueMs)));
  }

  /** Ends an open read. */
  interrupt(): Promise<void> {
    return this.#reader.interrupt();
  }

  /** Starts after the entries that are there now: older requests were for jobs of earlier processes. */
  async #findPositions(): Promise<void> {
    const streams = new Set(this.#queues.map(({ control }) => control));
    for (const stream of [...this.#positions.keys()])
      if (!streams.has(stream)) this.#positions.delete(stream);
    for (const { control, queue } of [...this.#queues]) {
      if (this.#positions.has(control)) continue;
      const last = await this.#core.redis.xrevrange(control, '+', '-', 'COUNT', 1);
      this.#positions.set(control, last[0]?.[0] ?? '0-0');
      // Jobs that were held before this moment are told to nobody.
      this.#handlers.onHeld(queue, undefined);
    }
  }

  /** Cancels jobs that are still running, in whatever process, long enough after the request. */
  async #enforce(): Promise<void> {
    for (let oldest = this.#requests[0]; oldest !== undefined; oldest = this.#requests[0]) {
      if (this.#core.clock.monotonic() - oldest.receivedAt < ENFORCE_AFTER_MS) return;
      await cancelJob(this.#core, oldest.keys, oldest.ref, 'enforce');
      this.#requests.shift();
    }
  }

  #forward(stream: string, entries: [string, string[]][]): void {
    const keys = this.#queues.find(({ control }) => control === stream);
    for (const [id, [verb, subject]] of entries) {
      this.#positions.set(stream, id);
      if (keys === undefined || subject === undefined) continue;
      if (verb === HELD_MESSAGE) this.#handlers.onHeld(keys.queue, subject);
      if (verb === LIMITS_MESSAGE) this.#handlers.onHeld(keys.queue, undefined);
      if (verb === DRAIN_MESSAGE) this.#handlers.onDrain?.(subject);
      if (verb !== 'cancel') continue;
      this.#handlers.onCancel(keys.queue, subject);
      this.#requests.push({ keys, ref: parseRef(subject), receivedAt: this.#core.clock.monotonic() });
    }
  }
}
