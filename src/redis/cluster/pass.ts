/** One try of a read, which others may end. */
export class Pass {
  /** Resolves when the try is over, and what it brought has been told. */
  readonly over: Promise<void>;
  #isEnded = false;
  #onEnd: (() => void) | undefined;
  #resolve: () => void = () => undefined;

  constructor() {
    this.over = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Somebody wants it to be over. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#onEnd?.();
  }

  /** Calls the one listener when the try is to end, at once if it is already. */
  onEnd(listener: (() => void) | undefined): void {
    this.#onEnd = listener;
    if (this.#isEnded) listener?.();
  }

  /** Waits, unless the try is to end. */
  async sleep(ms: number): Promise<void> {
    if (this.#isEnded) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
      this.onEnd(resolve);
    });
    clearTimeout(timer);
    this.onEnd(undefined);
  }

  done(): void {
    this.#resolve();
  }
}
