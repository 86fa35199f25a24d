/**
 * Runs at most `size` things at a time; what is accepted beyond that waits here. Lane reads may hand out a
 * few more jobs than asked for, and a task must never see more of itself than its concurrency.
 */
export class Slots<T> {
  readonly #size: number;
  readonly #run: (item: T) => Promise<void>;
  readonly #waiting: T[] = [];
  readonly #running = new Set<T>();
  #onChange: (() => void)[] = [];

  /** @param run must not reject. */
  constructor(size: number, run: (item: T) => Promise<void>) {
    this.#size = size;
    this.#run = run;
  }

  /** How many more may be accepted and run at once. */
  get free(): number {
    return Math.max(0, this.#size - this.#running.size - this.#waiting.length);
  }

  get running(): ReadonlySet<T> {
    return this.#running;
  }

  get waiting(): readonly T[] {
    return this.#waiting;
  }

  accept(items: readonly T[]): void {
    this.#waiting.push(...items);
    this.#fill();
  }

  /** Takes out what has not started. */
  drainWaiting(): T[] {
    return this.#waiting.splice(0);
  }

  /** Resolves when something has ended; at once when there is room. */
  async room(): Promise<void> {
    while (this.free === 0) await this.#changed();
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await this.#changed();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange.push(resolve);
    });
  }

  #fill(): void {
    while (this.#running.size < this.#size) {
      const item = this.#waiting.shift();
      if (item === undefined) return;
      this.#running.add(item);
      void this.#run(item).finally(() => {
        this.#running.delete(item);
        this.#fill();
        for (const resolve of this.#onChange.splice(0)) resolve();
      });
    }
  }
}
