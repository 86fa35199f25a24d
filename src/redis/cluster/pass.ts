/** One try of a read, which others may end. */
export class Pass {
  /** Resolves when somebody wants it to be over. */
  readonly ended: Promise<void>;
  /** Resolves when it is over, and what it brought has been told. */
  readonly over: Promise<void>;
  #isEnded = false;
  #end: () => void = () => undefined;
  #done: () => void = () => undefined;

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.over = new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  end(): void {
    this.#isEnded = true;
    this.#end();
  }

  done(): void {
    this.#done();
  }

  /** Waits, unless it is to be over. */
  async sleep(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([slept, this.ended]);
    clearTimeout(timer);
  }
}
