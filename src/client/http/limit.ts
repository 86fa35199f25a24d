/** The longest time of a timer, ms: one with more ends at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A signal that fires with another one, or after a time that can be started again. Call `end` once it is not needed. */
export class Limit {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(ms: number, outer?: AbortSignal) {
    this.#outer = outer;
    if (outer?.aborted) this.#controller.abort(outer.reason);
    outer?.addEventListener('abort', this.#onAbort, { once: true });
    this.restart(ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the time has passed. */
  get isOver(): boolean {
    return this.#isOver;
  }

  restart(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#isOver = true;
        this.#controller.abort();
      },
      Math.min(ms, LONGEST_TIMER_MS),
    );
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#onAbort);
  }

  /** Ends what the signal was given to. */
  cancel(): void {
    this.end();
    this.#controller.abort();
  }

  readonly #onAbort = (): void => this.#controller.abort(this.#outer?.reason);
}
