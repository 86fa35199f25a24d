import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import { redisTarget } from '../../src/config/redis.ts';
import type { Config } from '../../src/config.ts';
import { createCore } from '../../src/core/core.ts';
import { newConsumerName } from '../../src/lifecycle/consumer-name.ts';
import { createObserver } from '../../src/observer.ts';
import { connectForWork, whenReady } from '../../src/redis/connect.ts';
import { openReader } from '../../src/redis/reads/open-reader.ts';
import { MAX_TIMEOUT_MS } from '../../src/schemas/values/duration.ts';
import { scripts } from '../../src/scripts.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';
import { ReconcileSchedule } from '../intake/reconciler.ts';
import { connect, createBase } from '../process/base.ts';
import { wire } from '../process/wiring.ts';
import type { WorkerProcess } from '../process/worker-process.ts';
import { CONTROL_BLOCK_MS } from '../supervisor/cancel-listener.ts';
import type { ToSupervisor } from '../supervisor/ipc.ts';
import { Upkeep } from '../supervisor/upkeep.ts';
import type { ProgramWorker, WorkerEvent, WorkerEventMap } from './program-worker.ts';
import { WorkerEvents } from './worker-events.ts';

const CONNECT_MS = 2_000;
/** How often it tries to get its first lease. */
const REGISTER_EVERY_MS = 1_000;
/** How long a stop waits for Redis to take back the lease. */
const GIVE_UP_MS = 1_000;

type Tasks = ReadonlyMap<string, LoadedTask>;

/** The parts of a worker that has loaded its tasks. */
interface Running {
  readonly worker: WorkerProcess;
  readonly upkeep: Upkeep;
  /** Waits only a while: a Redis that is away comes back later. */
  untilConnected(): Promise<unknown>;
  disconnect(): void;
}

/** A worker whose jobs run in this process, beside the program that made it. It is supervisor and process in one. */
export class EmbeddedWorker implements ProgramWorker {
  readonly ready: Promise<void>;
  readonly #config: Config;
  readonly #events = new WorkerEvents();
  /** Name of its consumer, and so of its lease. */
  readonly #consumer = newConsumerName(process.pid);
  #running: Running | undefined;
  #hasLease = false;
  #stopping: Promise<void> | undefined;
  #halt: () => void = () => undefined;
  /** Resolves when somebody stops it. */
  readonly #halted = new Promise<void>((resolve) => {
    this.#halt = resolve;
  });

  constructor(config: Config, load: () => Promise<Tasks>) {
    this.#config = config;
    this.ready = this.#start(load);
    this.ready.catch((error: unknown) => this.#events.fail(error));
  }

  on<E extends WorkerEvent>(event: E, listener: (...args: WorkerEventMap[E]) => void): this {
    this.#events.on(event, listener);
    return this;
  }

  off<E extends WorkerEvent>(event: E, listener: (...args: WorkerEventMap[E]) => void): this {
    this.#events.off(event, listener);
    return this;
  }

  stop({ graceMs = this.#config.shutdownGraceMs }: { readonly graceMs?: number } = {}): Promise<void> {
    if (this.#stopping !== undefined) void this.#running?.worker.stop(graceMs);
    this.#stopping ??= this.#stop(graceMs);
    this.#halt();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #start(load: () => Promise<Tasks>): Promise<void> {
    const tasks = await load();
    if (this.#stopping !== undefined) return;
    this.#running = this.#wire(tasks);
    const { worker, upkeep, untilConnected } = this.#running;
    await untilConnected();
    upkeep.start();
    while (!this.#hasLease && this.#stopping === undefined) {
      await this.#register(upkeep);
      if (!this.#hasLease) await sleep(REGISTER_EVERY_MS);
    }
    if (this.#stopping !== undefined) return;
    worker.start();
    await Promise.race([upkeep.announced, this.#halted]);
    if (this.#stopping === undefined) this.#events.emit('ready');
  }

  #wire(tasks: Tasks): Running {
    const reconcileSchedule = new ReconcileSchedule(systemClock);
    const observe = createObserver(this.#events.listener, {
      wants: (kind) => kind === 'defect',
      // It may have lost deliveries.
      observe: () => reconcileSchedule.reconcileSoon(),
    });
    const config = this.#config;
    const target = redisTarget(config);
    const name = newConsumerName(process.pid);
    const onError = (error: Error) => observe({ kind: 'redis-trouble', where: 'connection', error });
    const to = { ...target, scripts, onError };
    const redis = connectForWork({ ...to, name });
    const reader = openReader({ ...to, name: `${name}-control`, blockMs: CONTROL_BLOCK_MS }, redis);
    const upkeep: Upkeep = new Upkeep({
      core: createCore(redis, config, { observe }),
      reader,
      config,
      tasks,
      name,
      runners: {
        livingConsumers: () => (this.#hasLease ? [this.#consumer] : []),
        send: (_, news) => worker.hear(news),
        sendToAll: (news) => worker.hear(news),
      },
      onDrain: () => void this.stop({ graceMs: MAX_TIMEOUT_MS }),
    });
    const send = (message: ToSupervisor) => {
      if (message.type === 'no-lease') void this.#register(upkeep);
    };
    const own = connect(this.#consumer, target, observe);
    const { names } = upkeep.served;
    const base = createBase(this.#consumer, config, names, own, tasks, reconcileSchedule, observe, send);
    const { worker } = wire(base, config.queues, own, tasks, 'embedded', NO_OPERATORS);
    return {
      worker,
      upkeep,
      untilConnected: () =>
        Promise.all([
          ...[redis, own.redis].map((connection) => whenReady(connection, CONNECT_MS)),
          ...[reader, own.reader].map((one) => one.whenReady(CONNECT_MS)),
        ]),
      disconnect: () => {
        redis.disconnect();
        reader.disconnect();
      },
    };
  }

  /** A worker without a lease asks again, so a failure is only told. */
  async #register(upkeep: Upkeep): Promise<void> {
    try {
      await upkeep.leases.register(this.#consumer);
      this.#hasLease = true;
    } catch (error) {
      this.#events.fail(error);
    }
  }

  /** As a stop of a supervisor: running jobs end while the lease is renewed -> the lease is given up -> the rest ends. */
  async #stop(graceMs: number): Promise<void> {
    // A start under way would else go on beside the stop.
    await this.ready.catch(() => undefined);
    if (this.#running !== undefined) {
      const { worker, upkeep, disconnect } = this.#running;
      upkeep.stops();
      await worker.stop(graceMs);
      this.#hasLease = false;
      const end = { clean: true, how: 'its program has stopped it' };
      const givenUp = upkeep.leases.giveUp(this.#consumer, end).catch((error) => this.#events.fail(error));
      await Promise.race([givenUp, sleep(GIVE_UP_MS)]);
      await upkeep.stop();
      disconnect();
    }
    this.#events.emit('stopped');
  }
}

const NO_OPERATORS = { reports: undefined, tracing: undefined };
