import { readFileSync } from 'node:fs';
import type { Clock } from '../../src/clock.ts';
import { HEARTBEAT_EVERY_MS } from '../process/heartbeat.ts';

/** Silence that is no cause for a thought, ms. */
const QUIET_MS = 3 * HEARTBEAT_EVERY_MS;
/** How long after the timeout of an attempt its process may take to be heard again, ms. */
const HANG_GRACE_MS = 5_000;

/** What a parent knows of the life of one child, from what it says of itself (see heart.ts). */
export class HeartbeatMonitor {
  readonly #clock: Clock;
  readonly #pid: number;
  #heardAt: number;
  #mustEndInMs = Number.POSITIVE_INFINITY;

  constructor(pid: number, clock: Clock) {
    this.#pid = pid;
    this.#clock = clock;
    this.#heardAt = clock.monotonic();
  }

  heard(mustEndInMs: number): void {
    this.#heardAt = this.#clock.monotonic();
    this.#mustEndInMs = mustEndInMs;
  }

  get #silentMs(): number {
    return this.#clock.monotonic() - this.#heardAt;
  }

  /** Whether an attempt has outlived its timeout while the event loop was blocked. */
  get hangs(): boolean {
    return this.#silentMs > QUIET_MS && this.#silentMs > this.#mustEndInMs + HANG_GRACE_MS;
  }

  /** Whether somebody has stopped the process (SIGSTOP): it works on nothing, so others should. */
  get isStopped(): boolean {
    return isStopped(this.#pid);
  }
}

/** As the kernel tells; false where it tells nothing. Source: proc(5), `/proc/pid/stat`, field 3. */
function isStopped(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return /^[Tt]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
