import type { Clock } from '../../src/clock.ts';
import { DEFAULT_TIMEOUT_MS } from '../../src/schemas/job.ts';
import type { RunningJob } from '../run/running-job.ts';
import type { ToSupervisor } from '../supervisor/ipc.ts';

/** How often a process that runs attempts reports that its event loop runs. */
export const HEARTBEAT_EVERY_MS = 1_000;

/** How often an idle one does: no attempt can block it. Far within the default timeout, which it reports. */
const IDLE_HEARTBEAT_MS = 60_000;

/**
 * Reports to the supervisor that this event loop runs, and when the first running attempt must have ended: an attempt
 * that blocks the loop beyond its timeout can only be ended from outside.
 */
export class HeartbeatSender {
  readonly #running: () => Iterable<RunningJob>;
  readonly #clock: Clock;
  readonly #send: (message: ToSupervisor) => void;
  #timer: NodeJS.Timeout | undefined;
  #isStarted = false;
  #isIdle = false;
  /** The earliest deadline that the supervisor has received, monotonic ms. */
  #sentDeadline = Number.NEGATIVE_INFINITY;
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(running: () => Iterable<RunningJob>, clock: Clock, send: (message: ToSupervisor) => void) {
    this.#running = running;
    this.#clock = clock;
    this.#send = send;
  }

  start(): void {
    this.#isStarted = true;
    this.#beat();
  }

  stop(): void {
    this.#isStarted = false;
    clearTimeout(this.#timer);
  }

  /** Sends a heartbeat at once if the attempt's deadline is before the one that the supervisor has, or that one is old. */
  attemptStarts(deadline: number): void {
    const isOld = this.#isIdle && this.#clock.monotonic() - this.#sentAt >= HEARTBEAT_EVERY_MS;
    if (deadline < this.#sentDeadline || isOld) this.#beat();
  }

  readonly #beat = (): void => {
    const now = this.#clock.monotonic();
    // At most the default timeout ahead, so that most attempts need no extra heartbeat.
    let earliest = now + DEFAULT_TIMEOUT_MS;
    this.#isIdle = true;
    for (const { deadline } of this.#running()) {
      earliest = Math.min(earliest, deadline);
      this.#isIdle = false;
    }
    this.#sentDeadline = earliest;
    this.#sentAt = now;
    this.#send({ type: 'alive', mustEndInMs: Math.max(0, earliest - now) });
    clearTimeout(this.#timer);
    if (!this.#isStarted) return;
    this.#timer = setTimeout(this.#beat, this.#isIdle ? IDLE_HEARTBEAT_MS : HEARTBEAT_EVERY_MS);
  };
}
