import type { Clock } from '../../src/clock.ts';
import { ReadAhead } from './read-ahead.ts';

/** Longest run of starts without a pause: a handler that blocks the event loop then delays replies and others less. */
const SLICE_MS = 5;
/** Read-ahead jobs that have not started by then are released to other workers. */
const MAX_WAIT_MS = 20;
/** Weight of the newest handler in the mean. */
const WEIGHT = 0.3;

/** What can be held. */
export interface Item {
  /** Index among the held items; only the limiter uses it. */
  heldIndex: number;
}

interface LimiterParts<T> {
  /** Most handlers that run side by side. */
  size: number;
  clock: Clock;
  /** Receives accepted items that will not be started here. */
  release: (items: readonly T[]) => void;
}

/**
 * Holds accepted items and runs at most `size` handlers side by side. An item waits, then runs until `handlerEnded`,
 * and is held until `remove`: its outcome is still being written after its handler has ended.
 */
export class ConcurrencyLimiter<T extends Item> {
  readonly #parts: LimiterParts<T>;
  readonly #readAhead: ReadAhead;
  /** An unordered array: a Set that grows and shrinks keeps old tables, and all that was in them, until a full GC. */
  readonly #held: T[] = [];
  readonly #waiting: T[] = [];
  #run: ((item: T) => void) | undefined;
  #running = 0;
  /** Mean time for which handlers block the event loop. */
  #blockMs = 0;
  #releaseTimer: NodeJS.Timeout | undefined;
  #isStarting = false;
  #isScheduled = false;
  #onEmpty: (() => void)[] = [];

  constructor(parts: LimiterParts<T>) {
    this.#parts = parts;
    this.#readAhead = new ReadAhead(parts.size);
  }

  /**
   * Sets what starts an item; call it before the first `accept`. `run` must not throw. It leads to `handlerEnded` when
   * the handler has ended, and to `remove` when the outcome is written.
   */
  runWith(run: (item: T) => void): void {
    this.#run = run;
  }

  /**
   * Most items that may be held now. Where attempts mostly block the event loop, one runs and one is ready, whatever
   * the size: further items would only wait here while other workers could run them.
   */
  get capacity(): number {
    const isBlocked = this.#blockMs > SLICE_MS && this.#blockMs > this.#readAhead.meanMs / 2;
    if (isBlocked) return Math.min(this.#parts.size, 2);
    return this.#parts.size + this.#readAhead.jobs;
  }

  /** How many more items may be accepted. */
  get freeSlots(): number {
    return Math.max(0, this.capacity - this.#held.length);
  }

  /** How many more items could start at once. */
  get freeStarts(): number {
    return Math.max(0, Math.min(this.#parts.size, this.capacity) - this.#held.length);
  }

  /** As `freeSlots` or `freeStarts`, where so many held items need no slot. Below 0 where more are held than may be. */
  freeBeside(slotless: number, allowsReadAhead: boolean): number {
    const most = allowsReadAhead ? this.capacity : Math.min(this.#parts.size, this.capacity);
    return most - this.#held.length + slotless;
  }

  /** How many more items may be accepted if as many may wait as can run. Those that wait too long are released. */
  get freePlaces(): number {
    return Math.max(0, this.capacity + this.#parts.size - this.#held.length);
  }

  /** Items that were accepted and not removed. */
  get held(): readonly T[] {
    return this.#held;
  }

  /** Items start in a microtask, so that the caller's next command to Redis is under way while they run. */
  accept(items: readonly T[]): void {
    for (const item of items) {
      item.heldIndex = this.#held.length;
      this.#held.push(item);
    }
    this.#waiting.push(...items);
    queueMicrotask(() => this.#startWaiting());
  }

  /** A handler has ended: another may start. */
  handlerEnded(runMs: number): void {
    this.#running -= 1;
    this.#readAhead.record(runMs);
    if (this.#waiting.length > 0 && !this.#isStarting) this.#scheduleStart();
  }

  /** Stops holding the item, if it is still held. */
  remove(item: T): void {
    if (this.#held[item.heldIndex] !== item) return;
    const last = this.#held.pop();
    if (last !== undefined && last !== item) {
      this.#held[item.heldIndex] = last;
      last.heldIndex = item.heldIndex;
    }
    if (this.#held.length > 0) return;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  /** Resolves when nothing is held. */
  async whenEmpty(): Promise<void> {
    while (this.#held.length > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty.push(resolve);
      });
    }
  }

  /** Releases all items that have not started. */
  releaseWaiting(): void {
    const items = this.#waiting.splice(0);
    if (items.length > 0) this.#parts.release(items);
    for (const item of items) this.remove(item);
  }

  /** Starts as many items as `size` allows and as fit into one slice of time. */
  #startWaiting(): void {
    if (this.#isScheduled || this.#isStarting) return;
    this.#isStarting = true;
    const { clock, size } = this.#parts;
    let now = clock.monotonic();
    const sliceEnd = now + SLICE_MS;
    let started = 0;
    while (started < this.#waiting.length && this.#running < size) {
      this.#running += 1;
      const item = this.#waiting[started] as T;
      started += 1;
      const before = now;
      this.#run?.(item);
      now = clock.monotonic();
      this.#blockMs += (now - before - this.#blockMs) * WEIGHT;
      if (now >= sliceEnd) break;
    }
    this.#waiting.splice(0, started);
    this.#isStarting = false;
    if (this.#waiting.length === 0) return;
    if (this.#running < size) this.#scheduleStart();
    else this.#scheduleRelease();
  }

  #scheduleStart(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#startWaiting();
    });
  }

  #scheduleRelease(): void {
    if (this.#releaseTimer !== undefined) return;
    this.#releaseTimer = setTimeout(() => {
      this.#releaseTimer = undefined;
      if (this.#waiting.length === 0 || this.#running < this.#parts.size) return;
      this.#readAhead.reset();
      this.releaseWaiting();
    }, MAX_WAIT_MS);
  }
}
