import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/clock.ts';
import type { Config } from '../../src/config.ts';
import type { Observer } from '../../src/observer.ts';
import { createOrphanReaper } from '../../src/orphan-reaper.ts';
import { type FromSupervisor, ORPHAN_GRACE_S } from './ipc.ts';
import { ManagedProcess } from './managed-process.ts';

/** Where the supervisor registers and gives up the leases of its processes. */
export interface LeaseKeeper {
  /** Registers a new lease in every queue. Rejects while Redis is away. */
  register(consumer: string): Promise<void>;
  /**
   * Makes the jobs of a process that has ended available at once.
   *
   * @param end `clean`: the process had ended its reads; `how`: the reason, for people.
   */
  giveUp(consumer: string, end: { clean: boolean; how: string }): Promise<void>;
}

export interface SupervisorParts {
  config: Config;
  leases: LeaseKeeper;
  clock: Clock;
  observe: Observer;
}

const FIRST_RESPAWN_MS = 100;
const MAX_RESPAWN_MS = 5_000;
/** A process that lived this long had started well: its loss starts a new series. */
const STABLE_MS = 10_000;
const CHECK_EVERY_MS = 1_000;
/** How long a stop waits for Redis to take back a lease. */
const GIVE_UP_MS = 1_000;
/** How long after the grace a process may take to write and exit, before it is killed. */
const EXIT_PATIENCE_MS = 3_000;

/** Keeps a number of worker processes alive. */
export class Supervisor {
  readonly #parts: SupervisorParts;
  /** Every process that runs, with a promise that resolves when it has ended and its lease is given up. */
  readonly #processes = new Map<ManagedProcess, Promise<void>>();
  readonly #reaper = createOrphanReaper({ graceS: ORPHAN_GRACE_S, together: true });
  readonly #respawnTimers = new Set<NodeJS.Timeout>();
  /** Losses in a row of processes that did not live long. */
  #losses = 0;
  #checkedAt: number;
  #isStopping = false;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#checkedAt = parts.clock.monotonic();
  }

  /** Consumers whose leases must be renewed: not those of suspended processes. */
  livingConsumers(): string[] {
    return [...this.#processes.keys()]
      .filter(({ heartbeats }) => !heartbeats.isSuspended)
      .map(({ consumer }) => consumer);
  }

  /** Kills processes whose event loop an attempt has blocked beyond its timeout. Returns ms until the next check. */
  readonly checkHeartbeats = async (): Promise<number> => {
    const sinceLastMs = this.#parts.clock.monotonic() - this.#checkedAt;
    this.#checkedAt += sinceLastMs;
    // If this process itself was suspended, queued heartbeats have not been read yet: skip this check.
    if (sinceLastMs > 3 * CHECK_EVERY_MS) return CHECK_EVERY_MS;
    for (const child of this.#processes.keys()) {
      if (!child.heartbeats.isHanging || child.heartbeats.isSuspended) continue;
      child.kill('its event loop was blocked beyond the timeout of an attempt');
    }
    return CHECK_EVERY_MS;
  };

  /** Resolves when all processes take jobs. */
  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.#parts.config.processes }, () => this.#spawn()));
  }

  send(consumer: string, message: FromSupervisor): void {
    for (const child of this.#processes.keys()) if (child.consumer === consumer) child.send(message);
  }

  sendToAll(message: FromSupervisor): void {
    for (const child of this.#processes.keys()) child.send(message);
  }

  /** Resolves when all processes have ended. A second call with a shorter grace cuts the first one short. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    for (const timer of this.#respawnTimers) clearTimeout(timer);
    const processes = new Map(this.#processes);
    this.sendToAll({ type: 'stop', graceMs });
    const timer = setTimeout(() => {
      for (const child of processes.keys()) child.kill();
    }, graceMs + EXIT_PATIENCE_MS);
    await Promise.all(processes.values());
    clearTimeout(timer);
    this.#reaper.end();
  }

  async #spawn(): Promise<void> {
    if (this.#isStopping) return;
    const { config, clock, observe } = this.#parts;
    const child = new ManagedProcess(clock, {
      onNoLease: (consumer) => void this.#register(consumer),
      onError: (error) => observe({ kind: 'defect', where: 'worker process', error }),
    });
    const ended = child.ended.then((how) => this.#ended(child, how));
    this.#processes.set(child, ended);
    if (child.pid !== undefined) this.#reaper.watch(child.pid);
    await this.#register(child.consumer);
    child.send({ type: 'start', consumer: child.consumer, config });
    observe({ kind: 'child-started', consumer: child.consumer, pid: child.pid ?? 0 });
    await Promise.race([child.started, ended]);
  }

  /** A process without a lease asks again, so a failure is only reported. */
  async #register(consumer: string): Promise<void> {
    try {
      await this.#parts.leases.register(consumer);
    } catch (error) {
      this.#parts.observe({ kind: 'redis-trouble', where: 'lease', error });
    }
  }

  async #ended(child: ManagedProcess, how: string): Promise<void> {
    const { leases, observe } = this.#parts;
    const { consumer, pid } = child;
    this.#processes.delete(child);
    if (pid !== undefined) this.#reaper.unwatch(pid);
    if (!this.#isStopping) {
      observe({ kind: 'child-lost', consumer, pid: pid ?? 0, how });
      this.#respawnLater(child.ageMs);
    }
    try {
      const clean = this.#isStopping && child.hasExitedCleanly;
      const givenUp = leases.giveUp(consumer, { clean, how });
      // A stop does not wait for a Redis that is away: the lease then expires.
      await (this.#isStopping ? Promise.race([givenUp, sleep(GIVE_UP_MS)]) : givenUp);
    } catch (error) {
      // The lease expires, and any worker's recoverer then makes the jobs available.
      observe({ kind: 'redis-trouble', where: 'lease', error });
    }
  }

  #respawnLater(livedMs: number): void {
    this.#losses = livedMs > STABLE_MS ? 0 : this.#losses + 1;
    const delayMs = Math.min(FIRST_RESPAWN_MS * 2 ** Math.max(0, this.#losses - 1), MAX_RESPAWN_MS);
    const timer = setTimeout(() => {
      this.#respawnTimers.delete(timer);
      void this.#spawn();
    }, delayMs);
    this.#respawnTimers.add(timer);
  }
}
