import { readFileSync } from 'node:fs';
import type { Clock } from '../../src/clock.ts';
import { HEARTBEAT_EVERY_MS } from '../process/heartbeat.ts';

/** Silence shorter than this is normal, ms. */
const NORMAL_SILENCE_MS = 3 * HEARTBEAT_EVERY_MS;
/** How long after an attempt's timeout its process may stay silent, ms. */
const HANG_GRACE_MS = 5_000;

/** What the supervisor knows about one process from its heartbeats (see process/heartbeat.ts). */
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

  /** Records a heartbeat. The first running attempt must end within `mustEndInMs`. */
  record(mustEndInMs: number): void {
    this.#heardAt = this.#clock.monotonic();
    this.#mustEndInMs = mustEndInMs;
  }

  /** Whether an attempt has blocked the event loop beyond its timeout. */
  get isHanging(): boolean {
    const silentMs = this.#clock.monotonic() - this.#heardAt;
    return silentMs > NORMAL_SILENCE_MS && silentMs > this.#mustEndInMs + HANG_GRACE_MS;
  }

  /** Whether the process is suspended (SIGSTOP): it makes no progress, so other workers should run its jobs. */
  get isSuspended(): boolean {
    return isSuspended(this.#pid);
  }
}

/** False where the kernel does not say. Source: proc(5), `/proc/pid/stat`, field 3. */
function isSuspended(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return /^[Tt]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
