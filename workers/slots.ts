/** What is begun without a pause: handlers that block the event loop then hold up neither answers nor each other's end. */
const SLICE_MS = 5;

/** Runs things side by side, at most `size` of them: a task never sees more of itself than its concurrency. */
export class Slots<T> {
  readonly size: number;
  readonly #run: (item: T) => void;
  readonly #running = new Set<T>();
  readonly #waiting: T[] = [];
  #onIdle: (() => void)[] = [];

  /** @param run begins an item and must not throw; `end` is to be called when it has ended. */
  constructor(size: number, run: (item: T) => void) {
    this.size = size;
    this.#run = run;
  }

  /** How many more may be accepted. */
  get free(): number {
    return this.size - this.#running.size;
  }

  get running(): ReadonlySet<T> {
    return this.#running;
  }

  /** Starts the items, of which there must not be more than `free`. */
  accept(items: readonly T[]): void {
    for (const item of items) this.#running.add(item);
    const isBusy = this.#waiting.length > 0;
    this.#waiting.push(...items);
    if (!isBusy) this.#begin();
  }

  end(item: T): void {
    this.#running.delete(item);
    if (this.#running.size > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle.push(resolve);
      });
    }
  }

  #begin(): void {
    const sliceEnd = performance.now() + SLICE_MS;
    let begun = 0;
    for (const item of this.#waiting) {
      this.#run(item);
      begun += 1;
      if (performance.now() >= sliceEnd) break;
    }
    this.#waiting.splice(0, begun);
    if (this.#waiting.length > 0) setImmediate(() => this.#begin());
  }
}
