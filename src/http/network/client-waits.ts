import { AppError } from '../../errors.ts';

/** The answer to a request that waits. */
interface Answer {
  readonly closed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** Counts the waiting requests and event streams of each client of this process, and refuses those beyond a limit. */
export class ClientWaits {
  readonly #most: number;
  readonly #open = new Map<string, number>();

  /** @param most of each client; 0: no limit. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Counts a wait until its answer ends. @returns false if the client has enough already. */
  tryEnter(client: string, answer: Answer): boolean {
    if (this.#most === 0 || answer.closed) return true;
    const open = this.#open.get(client) ?? 0;
    if (open >= this.#most) return false;
    this.#open.set(client, open + 1);
    answer.once('close', () => this.#leave(client));
    return true;
  }

  /** Counts a wait until its answer ends. @throws {AppError} too-many-waits. */
  enter(client: string, answer: Answer): void {
    if (this.tryEnter(client, answer)) return;
    throw new AppError(
      'too-many-waits',
      `You have ${this.#most} waiting requests and event streams open, which is the limit (MAX_WAITERS_PER_CLIENT). End some of them, or ask without a wait.`,
    );
  }

  /** Clients that wait. */
  get size(): number {
    return this.#open.size;
  }

  #leave(client: string): void {
    const open = (this.#open.get(client) ?? 0) - 1;
    if (open > 0) this.#open.set(client, open);
    else this.#open.delete(client);
  }
}
