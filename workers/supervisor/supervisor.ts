import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import type { Config } from '../../src/config.ts';
import { newConsumerName } from '../../src/lifecycle/consumer-name.ts';
import type { Observer } from '../../src/observer.ts';
import { createOrphanReaper } from '../../src/orphan-reaper.ts';
import { HeartbeatMonitor } from './heartbeat-monitor.ts';
import { ORPHAN_GRACE_S, type ToChild, type ToParent } from './ipc.ts';

/** What the supervisor needs of the world around it. */
export interface LeaseKeeper {
  /** Registers a new lease in every queue. Rejects while Redis is away. */
  register(consumer: string): Promise<void>;
  /** Takes the jobs of a process that has ended back at once. `clean`: it had ended its reads; `how`: for people. */
  giveUp(consumer: string, end: { clean: boolean; how: string }): Promise<void>;
}

interface Member {
  readonly consumer: string;
  readonly process: ChildProcess;
  readonly pulse: HeartbeatMonitor;
  readonly exited: Promise<void>;
  /** Why it was killed from here. */
  killedFor?: string;
}

const CHILD_ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? '../process/worker-process.ts' : '../process/worker-process.js',
  import.meta.url,
);
const FIRST_RESPAWN_MS = 100;
const MAX_RESPAWN_MS = 5_000;
/** A child that lived this long has started well: the next loss is not one of a series. */
const STABLE_MS = 10_000;
const WATCH_EVERY_MS = 1_000;
const GIVE_UP_MS = 1_000;
/** How long after the grace a child may take to write and leave, before it is killed. */
const EXIT_PATIENCE_MS = 3_000;

/** Keeps a number of worker processes alive. */
export class Supervisor {
  readonly #config: Config;
  readonly #leases: LeaseKeeper;
  readonly #observe: Observer;
  readonly #members = new Set<Member>();
  readonly #leash = createOrphanReaper({ graceS: ORPHAN_GRACE_S, together: true });
  readonly #respawns = new Set<NodeJS.Timeout>();
  #losses = 0;
  #watchedAt = systemClock.monotonic();
  #stopping = false;

  constructor(config: Config, leases: LeaseKeeper, observe: Observer) {
    this.#config = config;
    this.#leases = leases;
    this.#observe = observe;
  }

  /** Names of the consumers whose leases are to be renewed: not of those that somebody has stopped. */
  livingConsumers(): string[] {
    return [...this.#members].filter(({ pulse }) => !pulse.isStopped).map(({ consumer }) => consumer);
  }

  /** Kills the processes whose event loop is blocked by an attempt beyond its timeout; resolves to the next look. */
  readonly watch = async (): Promise<number> => {
    const sinceMs = systemClock.monotonic() - this.#watchedAt;
    this.#watchedAt += sinceMs;
    // After a stop of this process itself, what the others have said meanwhile is yet to be heard.
    if (sinceMs > 3 * WATCH_EVERY_MS) return WATCH_EVERY_MS;
    for (const member of this.#members) {
      if (!member.pulse.hangs || member.pulse.isStopped) continue;
      member.killedFor = 'its event loop was blocked beyond the timeout of an attempt';
      member.process.kill('SIGKILL');
    }
    return WATCH_EVERY_MS;
  };

  /** Resolves when all processes take jobs. */
  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.#config.processes }, () => this.#spawn()));
  }

  tell(consumer: string, message: ToChild): void {
    for (const member of this.#members) if (member.consumer === consumer) send(member.process, message);
  }

  tellAll(message: ToChild): void {
    for (const member of this.#members) send(member.process, message);
  }

  /** Resolves when all processes have ended; a second call with a shorter grace cuts the first one short. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#respawns) clearTimeout(timer);
    const members = [...this.#members];
    this.tellAll({ type: 'stop', graceMs });
    const timer = setTimeout(() => {
      for (const { process } of members) process.kill('SIGKILL');
    }, graceMs + EXIT_PATIENCE_MS);
    await Promise.all(members.map(({ exited }) => exited));
    clearTimeout(timer);
    this.#leash.end();
  }

  async #spawn(): Promise<void> {
    if (this.#stopping) return;
    const child = fork(CHILD_ENTRY, { serialization: 'json' });
    const pid = child.pid ?? 0;
    const consumer = newConsumerName(pid);
    const startedAt = performance.now();
    const exited = new Promise<void>((resolve) => {
      const ended = (how: string) =>
        void this.#ended(member, how, performance.now() - startedAt).then(resolve);
      child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
      child.on('error', (error) => {
        this.#observe({ kind: 'defect', where: 'worker process', error });
        // A process that could not be made never exits.
        if (child.pid === undefined) ended('could not be started');
      });
    });
    const member: Member = {
      consumer,
      process: child,
      pulse: new HeartbeatMonitor(pid, systemClock),
      exited,
    };
    this.#members.add(member);
    if (child.pid !== undefined) this.#leash.hold(child.pid);
    const started = new Promise<void>((resolve) => {
      child.on('message', (message: ToParent) => {
        if (message.type === 'started') resolve();
        else if (message.type === 'alive') member.pulse.heard(message.mustEndInMs);
        else void this.#register(consumer);
      });
      void exited.then(resolve);
    });
    await this.#register(consumer);
    send(child, { type: 'start', consumer, config: this.#config });
    this.#observe({ kind: 'child-started', consumer, pid });
    await started;
  }

  /** A child without a lease asks again, so a failure here is only reported. */
  async #register(consumer: string): Promise<void> {
    try {
      await this.#leases.register(consumer);
    } catch (error) {
      this.#observe({ kind: 'redis-trouble', where: 'lease', error });
    }
  }

  async #ended(member: Member, ending: string, livedMs: number): Promise<void> {
    this.#members.delete(member);
    if (member.process.pid !== undefined) this.#leash.release(member.process.pid);
    const how = member.killedFor ?? ending;
    if (!this.#stopping) {
      this.#observe({
        kind: 'child-lost',
        consumer: member.consumer,
        pid: member.process.pid ?? 0,
        how,
      });
      this.#respawn(livedMs);
    }
    try {
      const clean = this.#stopping && member.process.exitCode === 0;
      const given = this.#leases.giveUp(member.consumer, { clean, how });
      // A stop does not wait for a Redis that is away: the lease runs out by itself.
      await (this.#stopping ? Promise.race([given, sleep(GIVE_UP_MS)]) : given);
    } catch (error) {
      // Its lease runs out by itself, and whoever sweeps then takes its jobs back.
      this.#observe({ kind: 'redis-trouble', where: 'lease', error });
    }
  }

  #respawn(livedMs: number): void {
    this.#losses = livedMs > STABLE_MS ? 0 : this.#losses + 1;
    const delay = Math.min(FIRST_RESPAWN_MS * 2 ** Math.max(0, this.#losses - 1), MAX_RESPAWN_MS);
    const timer = setTimeout(() => {
      this.#respawns.delete(timer);
      void this.#spawn();
    }, delay);
    this.#respawns.add(timer);
  }
}

/** A child that is ending may have closed the channel already. */
function send(child: ChildProcess, message: ToChild): void {
  if (child.connected) child.send(message, () => undefined);
}
