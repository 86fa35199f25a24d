import type { Clock } from '../clock.ts';

/** Clients choose queue names, so the number of remembered ones is bounded. */
const MAX_QUEUES = 10_000;

/**
 * When a job of a queue may have to be taken from a silent worker: one time for each queue, the earliest that this process
 * knows. Costs no memory for each job, and nothing where no job runs over HTTP.
 */
export class Deadlines {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Monotonic ms. */
  readonly #earliest = new Map<string, number>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Something may have to be done in the queue once `inMs` have passed. */
  note(queue: string, inMs: number): void {
    const at = this.#clock.monotonic() + inMs;
    const known = this.#earliest.get(queue);
    if (known !== undefined && known <= at) return;
    if (known === undefined && this.#earliest.size >= MAX_QUEUES) return;
    this.#earliest.set(queue, at);
  }

  /** Whether its time has come; also where this process knows none, as after a start. */
  mayBeDue(queue: string): boolean {
    const at = this.#earliest.get(queue);
    return at === undefined || at <= this.#clock.monotonic();
  }

  /** The queues whose time has come; they are forgotten. */
  takeDue(): string[] {
    const now = this.#clock.monotonic();
    const due: string[] = [];
    for (const [queue, at] of this.#earliest) if (at <= now) due.push(queue);
    for (const queue of due) this.#earliest.delete(queue);
    return due;
  }
}
