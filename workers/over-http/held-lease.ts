import { systemClock } from '../../src/clock.ts';
import { RENEWED } from './answers.ts';
import type { Api } from './api.ts';
import type { HttpAttempt } from './http-attempt.ts';
import { isStale } from './reports.ts';

/** A cancel is heard by the next heartbeat. */
const MAX_BEAT_MS = 5_000;

export interface HeldLeaseParts {
  readonly api: Api;
  readonly lease: string;
  readonly leaseMs: number;
  readonly onTrouble: (error: unknown) => void;
}

/**
 * A lease with the jobs that this worker holds under it. It sends heartbeats until the last job has ended. When no heartbeat was answered
 * for as long as the lease lasts, it stops the jobs: they may run elsewhere.
 */
export class HeldLease {
  readonly #parts: HeldLeaseParts;
  readonly #attempts = new Map<string, HttpAttempt>();
  readonly #timer: NodeJS.Timeout;
  #end: NodeJS.Timeout;

  constructor(parts: HeldLeaseParts) {
    this.#parts = parts;
    this.#end = setTimeout(this.#onSilence, parts.leaseMs);
    this.#timer = setInterval(() => void this.#beat(), Math.min(parts.leaseMs / 3, MAX_BEAT_MS));
  }

  add(attempt: HttpAttempt): void {
    this.#attempts.set(attempt.job.id, attempt);
  }

  remove(attempt: HttpAttempt): void {
    this.#attempts.delete(attempt.job.id);
    if (this.#attempts.size > 0) return;
    clearInterval(this.#timer);
    clearTimeout(this.#end);
  }

  async #beat(): Promise<void> {
    const { api, lease, leaseMs, onTrouble } = this.#parts;
    const path = `/leases/${encodeURIComponent(lease)}/heartbeat`;
    const sentAt = systemClock.monotonic();
    try {
      const patienceMs = Math.ceil(leaseMs / 3);
      const { cancel } = await api.send('POST', path, '{}', RENEWED, undefined, patienceMs);
      this.#renewed(sentAt);
      for (const id of cancel) this.#attempts.get(id)?.abort('cancelled');
    } catch (error) {
      if (isStale(error)) this.#abortAll();
      else if (this.#attempts.size > 0) onTrouble(error);
    }
  }

  /** The API has renewed the lease no sooner than it was asked to. */
  #renewed(sentAt: number): void {
    clearTimeout(this.#end);
    if (this.#attempts.size === 0) return;
    const leftMs = sentAt + this.#parts.leaseMs - systemClock.monotonic();
    this.#end = setTimeout(this.#onSilence, Math.max(0, leftMs));
  }

  readonly #onSilence = (): void => {
    const { leaseMs, onTrouble } = this.#parts;
    onTrouble(
      new Error(
        `The API was silent for the ${leaseMs} ms of the lease: its jobs stop, as they may run elsewhere`,
      ),
    );
    this.#abortAll();
  };

  /** The lease has ended, so that its jobs run elsewhere. */
  #abortAll(): void {
    for (const attempt of [...this.#attempts.values()]) attempt.abort('lease-lost');
  }
}
