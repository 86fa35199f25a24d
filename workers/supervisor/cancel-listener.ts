import type { Core } from '../../src/core/core.ts';
import { cancelJob } from '../../src/lifecycle/cancel-and-expire.ts';
import { LIMITS_MESSAGE } from '../../src/lifecycle/limits/settings.ts';
import { CANCEL_PATIENCE_MS } from '../../src/lifecycle/scripts/cancel.ts';
import { HELD_MESSAGE } from '../../src/lifecycle/scripts/holds/hold.ts';
import { EachPrimary } from '../../src/maintenance/each-primary.ts';
import { toFaultEvent } from '../../src/maintenance/fault-event.ts';
import { parseRef, type Ref } from '../../src/redis/job-id.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { readAfter } from '../../src/redis/reads/read-after.ts';
import type { StreamEntries, StreamReader } from '../../src/redis/reads/stream-reader.ts';
import { DRAIN_MESSAGE } from '../../src/workers/record.ts';

const READ_COUNT = 100;
/** A read of this connection may block for this long, ms. */
export const CONTROL_BLOCK_MS = 10_000;

/** A worker settles a cancelled job in time, unless its event loop is blocked. */
const ENFORCE_AFTER_MS = CANCEL_PATIENCE_MS + 1_000;
const ENFORCE_AGAIN_MS = 1_000;

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
  /** When it is enforced, monotonic ms. */
  dueAt: number;
}

/**
 * Forwards requests to cancel running jobs as soon as they are written, and enforces those that are not obeyed. Forwards classes
 * of held jobs, and drains, too.
 */
export class CancelListener {
  readonly #reader: StreamReader;
  readonly #core: Core;
  readonly #queues: readonly QueueKeys[];
  readonly #handlers: ControlHandlers;
  readonly #each: EachPrimary;
  /** Id of the last entry that was read, by control stream. */
  readonly #positions = new Map<string, string>();
  readonly #requests: CancelRequest[] = [];

  constructor(core: Core, reader: StreamReader, queues: readonly QueueKeys[], handlers: ControlHandlers) {
    this.#reader = reader;
    this.#core = core;
    this.#queues = queues;
    this.#handlers = handlers;
    this.#each = new EachPrimary(core.redis);
  }

  readonly run = async (): Promise<number> => {
    try {
      await this.#findPositions();
    } catch (error) {
      // Those that were found are read meanwhile: a primary among several may be away.
      if (this.#positions.size === 0) throw error;
    }
    await this.#enforce();
    const served = new Set(this.#queues.map(({ control }) => control));
    const positions = new Map([...this.#positions].filter(([stream]) => served.has(stream)));
    if (positions.size === 0) return CONTROL_BLOCK_MS;
    const reply = await readAfter(this.#reader, positions, READ_COUNT, this.#blockMs);
    for (const [stream, entries] of reply) this.#forward(stream, entries);
    return 0;
  };

  /** Until the first request is to be enforced, ms, at most as long as a read may block. */
  get #blockMs(): number {
    if (this.#requests.length === 0) return CONTROL_BLOCK_MS;
    const untilDueMs = Math.min(...this.#requests.map(({ dueAt }) => dueAt)) - this.#core.clock.monotonic();
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
    const unknown = this.#queues.filter(({ control }) => !this.#positions.has(control));
    await this.#each.run(unknown, async (group) => {
      for (const { control, queue } of group) {
        const last = await this.#core.redis.xrevrange(control, '+', '-', 'COUNT', 1);
        this.#positions.set(control, last[0]?.[0] ?? '0-0');
        // Jobs that were held before this moment are told to nobody.
        this.#handlers.onHeld(queue, undefined);
      }
    });
  }

  /** Cancels jobs that are still running, in whatever process, long enough after the request. */
  async #enforce(): Promise<void> {
    const now = this.#core.clock.monotonic();
    for (const request of this.#requests.filter(({ dueAt }) => dueAt <= now)) {
      try {
        await cancelJob(this.#core, request.keys, request.ref, 'enforce');
        this.#requests.splice(this.#requests.indexOf(request), 1);
      } catch (error) {
        // The others must not wait for the primary of this one.
        request.dueAt = now + ENFORCE_AGAIN_MS;
        this.#core.observe(toFaultEvent('control', error));
      }
    }
  }

  #forward(stream: string, entries: StreamEntries[number][1]): void {
    const keys = this.#queues.find(({ control }) => control === stream);
    for (const [id, fields] of entries) {
      const [verb, subject] = fields ?? [];
      this.#positions.set(stream, id);
      if (keys === undefined || subject === undefined) continue;
      if (verb === HELD_MESSAGE) this.#handlers.onHeld(keys.queue, subject);
      if (verb === LIMITS_MESSAGE) this.#handlers.onHeld(keys.queue, undefined);
      if (verb === DRAIN_MESSAGE) this.#handlers.onDrain?.(subject);
      if (verb !== 'cancel') continue;
      this.#handlers.onCancel(keys.queue, subject);
      const dueAt = this.#core.clock.monotonic() + ENFORCE_AFTER_MS;
      this.#requests.push({ keys, ref: parseRef(subject), dueAt });
    }
  }
}
