import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/clock.ts';
import type { Config } from '../../src/config.ts';
import type { Observer } from '../../src/observer.ts';
import { createOrphanReaper } from '../../src/orphan-reaper.ts';
import type { MetricsBatch } from '../../src/telemetry/metrics/job-metrics.ts';
import { type FromSupervisor, type HandOverRequest, ORPHAN_GRACE_S } from './ipc.ts';
import { ManagedProcess, type ProcessRole } from './managed-process.ts';

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
  /** Moves a job from one process to another; undefined when the first does not hold it any more. */
  handOver(request: HandOverRequest, from: string, to: string): Promise<{ cancelAsked: boolean } | undefined>;
}

export interface SupervisorParts {
  config: Config;
  /** The queues that its processes serve now. */
  queues: () => readonly string[];
  leases: LeaseKeeper;
  clock: Clock;
  observe: Observer;
  /** What a process has counted since it last told. */
  onMetrics?: (batch: MetricsBatch) => void;
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

/** Jobs that run alone at a time, for each shared process: many may be suspects, most of them because of one. */
const ALONE_PER_PROCESS = 8;

/** Keeps a number of worker processes alive. */
export class Supervisor {
  readonly #parts: SupervisorParts;
  /** Every process that runs, with a promise that resolves when it has ended and its lease is given up. */
  readonly #processes = new Map<ManagedProcess, Promise<void>>();
  readonly #reaper = createOrphanReaper({ graceS: ORPHAN_GRACE_S, together: true });
  /** Consumers that have had a lease: before that, one that is renewed would look lost. */
  readonly #registered = new Set<string>();
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
      .filter(({ consumer, heartbeats }) => this.#registered.has(consumer) && !heartbeats.isSuspended)
      .map(({ consumer }) => consumer);
  }

  /** The processes that take jobs, or will. */
  readonly takers = (): readonly ManagedProcess[] =>
    [...this.#processes.keys()].filter(({ role, mayEnd }) => role === 'shared' && !mayEnd);

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
    const { child, ended } = await this.#fork('shared');
    const { config, queues } = this.#parts;
    child.send({ type: 'start', consumer: child.consumer, config, queues: queues() });
    await Promise.race([child.started, ended]);
  }

  /** Starts a process and registers its lease. It waits for its first message. */
  async #fork(role: ProcessRole): Promise<{ child: ManagedProcess; ended: Promise<void> }> {
    const { clock, observe, onMetrics } = this.#parts;
    const child = new ManagedProcess(role, clock, {
      onNoLease: (consumer) => void this.#register(consumer),
      onHandOver: (from, request) => void this.#handOver(from, request),
      onReplace: this.#replace,
      onMetrics: (batch) => onMetrics?.(batch),
      onError: (error) => observe({ kind: 'defect', where: 'worker process', error }),
    });
    const ended = child.ended.then((how) => this.#ended(child, how));
    this.#processes.set(child, ended);
    if (child.pid !== undefined) this.#reaper.watch(child.pid);
    observe({ kind: 'child-started', consumer: child.consumer, pid: child.pid ?? 0 });
    await this.#register(child.consumer);
    return { child, ended };
  }

  /** Runs a job of a process in a new one, unless too many do so already. */
  async #handOver(from: ManagedProcess, request: HandOverRequest): Promise<void> {
    const { job, queue, delivery } = request;
    const answer = (isDone: boolean) =>
      from.send({ type: 'handed-over', job, token: delivery.token, isDone });
    const { config, leases, observe } = this.#parts;
    const alone = [...this.#processes.keys()].filter(({ role }) => role === 'alone').length;
    if (this.#isStopping || alone >= ALONE_PER_PROCESS * config.processes) return answer(false);
    const { child } = await this.#fork('alone');
    const { consumer } = child;
    try {
      const moved = this.#isStopping ? undefined : await leases.handOver(request, from.consumer, consumer);
      answer(moved !== undefined);
      if (moved === undefined) return child.discard();
      const cancelAsked = delivery.cancelAsked || moved.cancelAsked;
      child.send({
        type: 'run-alone',
        consumer,
        config: { ...config, concurrency: 1 },
        queue,
        delivery: { ...delivery, cancelAsked },
      });
    } catch (error) {
      observe({ kind: 'redis-trouble', where: 'hand-over', error });
      // The job may have been moved: it is then recovered with the lease of the new process.
      child.kill();
      answer(false);
    }
  }

  /** A process without a lease asks again, so a failure is only reported. */
  async #register(consumer: string): Promise<void> {
    try {
      await this.#parts.leases.register(consumer);
      this.#registered.add(consumer);
    } catch (error) {
      this.#parts.observe({ kind: 'redis-trouble', where: 'lease', error });
    }
  }

  async #ended(child: ManagedProcess, how: string): Promise<void> {
    const { leases, observe } = this.#parts;
    const { consumer, pid } = child;
    this.#processes.delete(child);
    this.#registered.delete(consumer);
    if (pid !== undefined) this.#reaper.unwatch(pid);
    const mayEnd = this.#isStopping || child.mayEnd;
    const clean = mayEnd && child.hasExitedCleanly;
    if (!this.#isStopping && !clean) observe({ kind: 'child-lost', consumer, pid: pid ?? 0, how });
    if (!mayEnd) this.#respawnLater(child.ageMs);
    try {
      const cause = child.role === 'alone' ? `${how}. It ran the job alone` : how;
      const givenUp = leases.giveUp(consumer, { clean, how: cause });
      // A stop does not wait for a Redis that is away: the lease then expires.
      await (this.#isStopping ? Promise.race([givenUp, sleep(GIVE_UP_MS)]) : givenUp);
    } catch (error) {
      // The lease expires, and any worker's recoverer then makes the jobs available.
      observe({ kind: 'redis-trouble', where: 'lease', error });
    }
  }

  /** Starts another process for one that is in doubt, which may finish its jobs within the grace of a stop. */
  readonly #replace = (child: ManagedProcess): void => {
    const { config, observe } = this.#parts;
    if (this.#isStopping || !this.#processes.has(child)) return;
    observe({ kind: 'child-replaced', consumer: child.consumer, pid: child.pid ?? 0 });
    this.#respawnLater(child.ageMs);
    // A task that does this in every attempt would else fill the machine with processes that end slowly.
    const isReplaced = ({ role, mayEnd }: ManagedProcess) => role === 'shared' && mayEnd;
    const replaced = [...this.#processes.keys()].filter(isReplaced);
    for (const old of replaced.slice(0, -config.processes)) old.send({ type: 'stop', graceMs: 0 });
    const timer = setTimeout(
      () => child.kill('it did not end in time after an uncaught error'),
      config.shutdownGraceMs + EXIT_PATIENCE_MS,
    );
    void child.ended.then(() => clearTimeout(timer));
  };

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
