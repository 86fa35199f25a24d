import { ReadAhead } from './read-ahead.ts';

/** What is begun without a pause: handlers that block the event loop then hold up neither answers nor each other's end. */
const SLICE_MS = 5;
/** What was read ahead and has not begun by then may run elsewhere. */
const PATIENCE_MS = 20;
/** Of each handler in the mean. */
const WEIGHT = 0.3;

/** What can be held. */
export interface Item {
  /** Where it stands among those that are held; for `Slots` alone. */
  heldAt: number;
}

interface SlotsParts<T> {
  /** Most that run side by side. */
  size: number;
  /** Begins an item, and must not throw. `ran` is to be called when its handler has ended, `end` when it is settled. */
  run: (item: T) => void;
  /** Items that were accepted, and are given up before they began. */
  giveBack: (items: readonly T[]) => void;
}

/**
 * Holds what was accepted, and runs at most `size` handlers side by side: a task never sees more of itself than its
 * concurrency. An item is waiting (accepted) -> running -> ran, until it has ended.
 */
export class ConcurrencyLimiter<T extends Item> {
  readonly #parts: SlotsParts<T>;
  readonly #ahead: ReadAhead;
  /**
   * In no order. Sets and maps that come and go through leave tables behind that keep alive, until a full collection,
   * all that was in them: most of what a job allocates lived that long.
   */
  readonly #held: T[] = [];
  readonly #waiting: T[] = [];
  #active = 0;
  /** How long handlers block the event loop, in the mean. */
  #blockMs = 0;
  #patience: NodeJS.Timeout | undefined;
  #isBeginning = false;
  #isScheduled = false;
  #onIdle: (() => void)[] = [];

  constructor(parts: SlotsParts<T>) {
    this.#parts = parts;
    this.#ahead = new ReadAhead(parts.size);
  }

  /**
   * Most that may be held now. Where attempts do little but block the event loop, one runs and one is ready, whatever
   * the size: the others would only wait here while they could run elsewhere.
   */
  get capacity(): number {
    const isBlocked = this.#blockMs > SLICE_MS && this.#blockMs > this.#ahead.meanMs / 2;
    if (isBlocked) return Math.min(this.#parts.size, 2);
    return this.#parts.size + this.#ahead.jobs;
  }

  /** How many more may be accepted. */
  get free(): number {
    return Math.max(0, this.capacity - this.#held.length);
  }

  /** All that was accepted and has not ended. */
  get held(): readonly T[] {
    return this.#held;
  }

  /** They begin as soon as the caller is done: what it tells Redis meanwhile is under way while they run. */
  accept(items: readonly T[]): void {
    for (const item of items) {
      item.heldAt = this.#held.length;
      this.#held.push(item);
    }
    this.#waiting.push(...items);
    queueMicrotask(() => this.#begin());
  }

  /** The handler of one item has ended after so long: another may begin. */
  ran(runMs: number): void {
    this.#active -= 1;
    this.#ahead.note(runMs);
    if (this.#waiting.length > 0 && !this.#isBeginning) this.#beginLater();
  }

  /** Lets go of the item, if it is still held. */
  end(item: T): void {
    if (this.#held[item.heldAt] !== item) return;
    const last = this.#held.pop();
    if (last !== undefined && last !== item) {
      this.#held[item.heldAt] = last;
      last.heldAt = item.heldAt;
    }
    if (this.#held.length > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** Resolves when nothing is held. */
  async idle(): Promise<void> {
    while (this.#held.length > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle.push(resolve);
      });
    }
  }

  /** Gives back all that has not begun. */
  giveBackWaiting(): void {
    const items = this.#waiting.splice(0);
    if (items.length > 0) this.#parts.giveBack(items);
    for (const item of items) this.end(item);
  }

  /** As many as there are slots, and as fit in a slice of time. */
  #begin(): void {
    if (this.#isScheduled || this.#isBeginning) return;
    this.#isBeginning = true;
    let now = performance.now();
    const sliceEnd = now + SLICE_MS;
    let begun = 0;
    while (begun < this.#waiting.length && this.#active < this.#parts.size) {
      this.#active += 1;
      const item = this.#waiting[begun] as T;
      begun += 1;
      const before = now;
      this.#parts.run(item);
      now = performance.now();
      this.#blockMs += (now - before - this.#blockMs) * WEIGHT;
      if (now >= sliceEnd) break;
    }
    this.#waiting.splice(0, begun);
    this.#isBeginning = false;
    if (this.#waiting.length === 0) return;
    if (this.#active < this.#parts.size) this.#beginLater();
    else this.#beImpatient();
  }

  #beginLater(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#begin();
    });
  }

  #beImpatient(): void {
    if (this.#patience !== undefined) return;
    this.#patience = setTimeout(() => {
      this.#patience = undefined;
      if (this.#waiting.length === 0 || this.#active < this.#parts.size) return;
      this.#ahead.forget();
      this.giveBackWaiting();
    }, PATIENCE_MS);
  }
}
