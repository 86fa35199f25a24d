/** Runs things side by side, at most `size` of them: a task never sees more of itself than its concurrency. */
export class Slots<T> {
  readonly #size: number;
  readonly #run: (item: T) => Promise<void>;
  readonly #running = new Set<T>();
  #onChange: (() => void)[] = [];

  /** @param run must not reject. */
  constructor(size: number, run: (item: T) => Promise<void>) {
    this.#size = size;
    this.#run = run;
  }

  /** How many more may be accepted. */
  get free(): number {
    return this.#size - this.#running.size;
  }

  get running(): ReadonlySet<T> {
    return this.#running;
  }

  /** Starts the items, of which there must not be more than `free`. */
  accept(items: readonly T[]): void {
    for (const item of items) {
      this.#running.add(item);
      void this.#run(item).finally(() => {
        this.#running.delete(item);
        for (const resolve of this.#onChange.splice(0)) resolve();
      });
    }
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
}
