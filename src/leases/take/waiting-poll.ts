import type { TakenJobs } from './taken-jobs.ts';

/** Takes what these queues have now; waits for nothing. */
export type TakeNow = (queues: readonly string[]) => Promise<TakenJobs>;

/** A poll that waits for jobs of its queues. It ends once: with jobs, without any, or with an error. */
export class WaitingPoll {
  readonly queues: readonly string[];
  /** Equal for polls of workers with the same tasks. */
  readonly tasks: string;
  readonly takeNow: TakeNow;
  /** Resolves when the poll ends; to undefined when it ends without jobs. */
  readonly taken: Promise<TakenJobs | undefined>;
  /** One of its queues takes for it now, so the others skip it. */
  isTaking = false;
  readonly #onEnd: () => void;
  #resolve: (taken: TakenJobs | undefined) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #hasEnded = false;

  /** @param onEnd called once, before `taken` settles. */
  constructor(queues: readonly string[], tasks: string, takeNow: TakeNow, onEnd: () => void) {
    this.queues = queues;
    this.tasks = tasks;
    this.takeNow = takeNow;
    this.#onEnd = onEnd;
    this.taken = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** The poll has its answer, or its requester has gone. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  end(taken?: TakenJobs): void {
    if (this.#markEnded()) this.#resolve(taken);
  }

  fail(error: unknown): void {
    if (this.#markEnded()) this.#reject(error);
  }

  /** False when it had ended before. */
  #markEnded(): boolean {
    if (this.#hasEnded) return false;
    this.#hasEnded = true;
    this.#onEnd();
    return true;
  }
}
