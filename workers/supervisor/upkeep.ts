import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, sharedSettings } from '../../src/config.ts';
import type { Core } from '../../src/core/core.ts';
import { SharedSettings } from '../../src/core/shared-settings.ts';
import { extendLease } from '../../src/lifecycle/scripts/extend-lease.ts';
import { handOver } from '../../src/lifecycle/scripts/hand-over.ts';
import { Loop } from '../../src/maintenance/loop.ts';
import { Recoverer } from '../../src/maintenance/recoverer.ts';
import { Sweeper } from '../../src/maintenance/sweeper.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { StreamReader } from '../../src/redis/reads/stream-reader.ts';
import { Firer } from '../../src/schedules/firer.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';
import { CancelListener } from './cancel-listener.ts';
import type { News } from './ipc.ts';
import { LeaseRenewer } from './lease-renewer.ts';
import { leaveQueue, ServedQueues } from './served-queues.ts';
import type { LeaseKeeper } from './supervisor.ts';
import { TaskAnnouncer } from './task-announcer.ts';
import { WorkerReporter } from './worker-reporter.ts';

/** How long a stop waits until its worker is no longer listed. */
const LAST_REPORT_MS = 1_000;
/** The API, which creates schedules, looks every second itself. */
const SCHEDULE_CHECK_MS = 10_000;

/** Those that run the jobs: processes, or this program itself. */
export interface Runners {
  /** Whose leases are to be renewed. */
  livingConsumers(): string[];
  send(consumer: string, news: News): void;
  sendToAll(news: News): void;
}

export interface UpkeepParts {
  readonly core: Core;
  /** For blocking reads of the control streams. */
  readonly reader: StreamReader;
  readonly config: Config;
  readonly tasks: ReadonlyMap<string, LoadedTask>;
  /** The worker's name, as `GET /workers` shows it. */
  readonly name: string;
  readonly runners: Runners;
  /** Somebody wants the worker to drain; called again and again. */
  readonly onDrain: () => void;
}

/**
 * What a worker does beside running jobs: keeps leases, hears cancels, announces tasks, finds the queues to serve, reports itself, and
 * keeps the jobs of its queues in order.
 */
export class Upkeep {
  readonly served: ServedQueues;
  /** Resolves when the tasks are announced for the first time. */
  readonly announced: Promise<void>;
  readonly #parts: UpkeepParts;
  readonly #announcer: TaskAnnouncer;
  readonly #renewer: LeaseRenewer;
  readonly #recoverer: Recoverer;
  readonly #cancelListener: CancelListener;
  readonly #reporter: WorkerReporter;
  readonly #announceLoop: Loop;
  readonly #reportLoop: Loop;
  readonly #controlLoop: Loop;
  readonly #loops: readonly Loop[];

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
    const { core, config, tasks, reader, name, runners, onDrain } = parts;
    const { observe } = core;
    this.served = new ServedQueues(core, config.queues, {
      onJoin: this.#join,
      onRead: this.#hasRead,
      onLeave: (keys) => void leaveQueue(core.redis, keys, runners.livingConsumers()).catch(() => undefined),
    });
    const { list: queues } = this.served;
    this.#announcer = new TaskAnnouncer(core, this.served, tasks);
    this.#renewer = new LeaseRenewer({
      core,
      queues,
      supervisor: runners,
      leaseMs: config.leaseMs,
      onLost: this.#hasLost,
    });
    this.#recoverer = new Recoverer(core, () => queues, config.processes);
    this.#cancelListener = new CancelListener(core, reader, queues, {
      onCancel: (queue, ref) => runners.sendToAll({ type: 'cancel', queue, ref }),
      onHeld: (queue, holdClass) => runners.sendToAll({ type: 'held', queue, holdClass }),
      onDrain: (drained) => {
        if (drained === name) onDrain();
      },
    });
    const leases = () => runners.livingConsumers();
    this.#reporter = new WorkerReporter({ core, config, name, tasks: [...tasks.keys()], leases, onDrain });
    let hasAnnounced: () => void = () => undefined;
    this.announced = new Promise((resolve) => {
      hasAnnounced = resolve;
    });
    const announce = async () => {
      const ms = await this.#announcer.run();
      hasAnnounced();
      return ms;
    };
    this.#announceLoop = new Loop('announce', announce, observe);
    this.#reportLoop = new Loop('report', this.#reporter.run, observe);
    this.#controlLoop = new Loop('control', this.#cancelListener.run, observe);
    this.#loops = this.#allLoops();
  }

  #allLoops(): Loop[] {
    const { core, config } = this.#parts;
    const { observe } = core;
    const { list: queues, hasPatterns } = this.served;
    const renew = async () => {
      await this.served.refresh();
      return this.#renewer.run();
    };
    return [
      this.#announceLoop,
      this.#reportLoop,
      new Loop('settings', new SharedSettings(core, 'worker', sharedSettings(config)).run, observe),
      new Loop('renew', renew, observe),
      new Loop('recover', this.#recoverer.run, observe),
      new Loop('sweep', new Sweeper(core, () => queues, config.processes).run, observe),
      new Loop('schedules', new Firer(core, SCHEDULE_CHECK_MS).run, observe),
      this.#controlLoop,
      ...(hasPatterns ? [new Loop('queues', this.served.run, observe)] : []),
    ];
  }

  /** The leases of those that run jobs. */
  readonly leases: LeaseKeeper = {
    register: async (consumer) => {
      await this.served.refresh();
      await this.#renewer.register(consumer);
      // It may lack a lease because Redis was emptied: the tasks must be announced again, too.
      this.#announceAgain();
      // It counts as living a moment later.
      setImmediate(() => this.#reportLoop.wake());
    },
    giveUp: (consumer, end) => this.#recoverer.giveUp(consumer, end),
    handOver: ({ queue, delivery: { place, entryId, token } }, from, to) => {
      const { redis, keySpace } = this.#parts.core;
      return handOver(redis, keySpace.queue(queue), { ref: { place, entryId }, token, from, to });
    },
  };

  start(): void {
    for (const loop of this.#loops) loop.start();
  }

  /** From now on the worker is shown as draining. */
  stops(): void {
    this.#reporter.stops();
    this.#reportLoop.wake();
  }

  /** Call it when nothing runs jobs any more: until then their leases are renewed. */
  async stop(): Promise<void> {
    const stopped = Promise.all(this.#loops.map((loop) => loop.stop()));
    await this.#cancelListener.interrupt().catch(() => undefined);
    await stopped;
    // A stop does not wait for a Redis that is away: the record then expires.
    await Promise.race([this.#reporter.remove().catch(() => undefined), sleep(LAST_REPORT_MS)]);
  }

  #announceAgain(): void {
    this.#announcer.forget();
    this.#announceLoop.wake();
  }

  readonly #join = async (joined: readonly QueueKeys[]): Promise<void> => {
    const { core, config, runners } = this.#parts;
    await this.#announcer.announce(joined, true);
    const consumers = runners.livingConsumers();
    if (consumers.length === 0) return;
    for (const keys of joined) await extendLease(core.redis, keys, 'new', consumers, config.leaseMs);
  };

  readonly #hasRead = (names: readonly string[], hasChanged: boolean): void => {
    // Also without a change: a process drops a deleted queue by itself, which may have come back since.
    this.#parts.runners.sendToAll({ type: 'queues', queues: names });
    if (!hasChanged) return;
    this.#controlLoop.wake();
    void this.#cancelListener.interrupt().catch(() => undefined);
  };

  readonly #hasLost = (consumer: string, queue: string, registeredAt: number): void => {
    const { core, runners } = this.#parts;
    core.observe({ kind: 'lease-lost', consumer, lease: consumer, queue });
    runners.send(consumer, { type: 'lease-lost', queue, registeredAt });
    this.#announceAgain();
  };
}
