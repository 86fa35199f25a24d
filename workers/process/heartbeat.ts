import type { Clock } from '../../src/clock.ts';
import { DEFAULT_TIMEOUT_MS } from '../../src/schemas/job.ts';
import type { RunningJob } from '../run/running-job.ts';
import type { ToSupervisor } from '../supervisor/ipc.ts';

/** How often a process reports that its event loop runs. */
export const HEARTBEAT_EVERY_MS = 1_000;

/**
 * Reports to the supervisor that this event loop runs, and when the first running attempt must have ended: an attempt
 * that blocks the loop beyond its timeout can only be ended from outside.
 */
export class HeartbeatSender {
  readonly #running: () => Iterable<RunningJob>;
  readonly #clock: Clock;
  readonly #send: (message: ToSupervisor) => void;
  #timer: NodeJS.Timeout | undefined;
  /** The earliest deadline that the supervisor has received, monotonic ms. */
  #sentDeadline = Number.NEGATIVE_INFINITY;

  constructor(running: () => Iterable<RunningJob>, clock: Clock, send: (message: ToSupervisor) => void) {
    this.#running = running;
    this.#clock = clock;
    this.#send = send;
  }

  start(): void {
    this.#beat();
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Sends a heartbeat at once if the attempt's deadline is before the one that the supervisor has. */
  attemptStarts(deadline: number): void {
    if (deadline < this.#sentDeadline) this.#beat();
  }

  #beat(): void {
    const now = this.#clock.monotonic();
    // At most the default timeout ahead, so that most attempts need no extra heartbeat.
    let earliest = now + DEFAULT_TIMEOUT_MS;
    for (const { deadline } of this.#running()) earliest = Math.min(earliest, deadline);
    this.#sentDeadline = earliest;
    this.#send({ type: 'alive', mustEndInMs: Math.max(0, earliest - now) });
  }
}
