import type { Clock } from '../../src/clock.ts';
import { DEFAULT_TIMEOUT_MS } from '../../src/schemas/job.ts';
import type { RunningJob } from '../run/running-job.ts';
import type { ToParent } from '../supervisor/ipc.ts';

/** How often a process says that its event loop turns. */
export const HEARTBEAT_EVERY_MS = 1_000;

/**
 * Tells the parent that this event loop turns, and by when the first running attempt must have ended: an attempt
 * that blocks the loop beyond its timeout can only be ended from outside.
 */
export class HeartbeatSender {
  readonly #running: () => Iterable<RunningJob>;
  readonly #clock: Clock;
  readonly #say: (message: ToParent) => void;
  #timer: NodeJS.Timeout | undefined;
  /** The earliest end that the parent knows of, monotonic ms. */
  #told = Number.NEGATIVE_INFINITY;

  constructor(running: () => Iterable<RunningJob>, clock: Clock, say: (message: ToParent) => void) {
    this.#running = running;
    this.#clock = clock;
    this.#say = say;
  }

  start(): void {
    this.#beat();
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** An attempt begins that must end by then: told at once only if the parent would learn it too late. */
  begin(deadline: number): void {
    if (deadline < this.#told) this.#beat();
  }

  #beat(): void {
    const now = this.#clock.monotonic();
    // No further than an attempt with the default timeout, so that most attempts begin without a word.
    let earliest = now + DEFAULT_TIMEOUT_MS;
    for (const { deadline } of this.#running()) earliest = Math.min(earliest, deadline);
    this.#told = earliest;
    this.#say({ type: 'alive', mustEndInMs: Math.max(0, earliest - now) });
  }
}
