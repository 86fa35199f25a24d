import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import { redisTarget } from '../../src/config/redis.ts';
import type { Config } from '../../src/config.ts';
import { createCore } from '../../src/core/core.ts';
import { newConsumerName } from '../../src/lifecycle/consumer-name.ts';
import { toFaultEvent } from '../../src/maintenance/fault-event.ts';
import { createObserver, type Observer } from '../../src/observer.ts';
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
import type { News, ToSupervisor } from '../supervisor/ipc.ts';
import { Upkeep } from '../supervisor/upkeep.ts';
import type { ProgramWorker, WorkerEvent, WorkerEventMap } from './program-worker.ts';
import { RedisOutages } from './redis-outages.ts';
import { WorkerEvents } from './worker-events.ts';

/** How long Redis may be away at the start before `ready` rejects. */
const START_MS = 10_000;
const LOOK_EVERY_MS = 250;
/** How long it waits for the connections for reads, once those for commands are there. */
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
  /** Whether commands can be sent. */
  isConnected(): boolean;
  isAnswering(): Promise<boolean>;
  /** Waits only a while. */
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
  readonly #outages: RedisOutages;
  /** Ends when it takes jobs, cannot do so, or was stopped. */
  readonly #started: Promise<void>;
  #rejectReady: (error: Error) => void = () => undefined;
  readonly #tooLate = new Promise<never>((_, reject) => {
    this.#rejectReady = reject;
  });
  readonly #reconcileSchedule = new ReconcileSchedule(systemClock);
  readonly #observe: Observer;
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
    this.#outages = new RedisOutages({
      url: config.redisUrl,
      clock: systemClock,
      isAnswering: async () => this.#running?.isAnswering() ?? false,
      onBegin: (error) => this.#events.fail(error),
    });
    this.#observe = createObserver(this.#events.listener, this.#outages, {
      wants: (kind) => kind === 'defect',
      // It may have lost deliveries.
      observe: () => this.#reconcileSchedule.reconcileSoon(),
    });
    this.#started = this.#start(load);
    this.#started.catch((error: unknown) => this.#events.fail(error));
    this.ready = Promise.race([this.#started, this.#tooLate]);
    this.ready.catch(() => undefined);
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
    const late = this.#watchStart(this.#running);
    await this.#takeUpWork(this.#running).finally(() => clearInterval(late));
    if (this.#stopping === undefined) this.#events.emit('ready');
  }

  async #takeUpWork({ worker, upkeep, isConnected, untilConnected }: Running): Promise<void> {
    do await Promise.race([untilConnected(), this.#halted]);
    while (!isConnected() && this.#stopping === undefined);
    upkeep.start();
    while (!this.#hasLease && this.#stopping === undefined) {
      await this.#register(upkeep);
      if (!this.#hasLease) await Promise.race([sleep(REGISTER_EVERY_MS), this.#halted]);
    }
    if (this.#stopping !== undefined) return;
    worker.start();
    await Promise.race([upkeep.announced, this.#halted]);
  }

  /** Rejects `ready` when Redis is still away after a while. A start that is only slow goes on. */
  #watchStart({ isConnected }: Running): NodeJS.Timeout {
    const startedAt = systemClock.monotonic();
    const look = () => {
      if (systemClock.monotonic() - startedAt < START_MS) return;
      const { current } = this.#outages;
      if (current === undefined && isConnected()) return;
      this.#rejectReady(current ?? this.#outages.failed(`no answer within ${START_MS} ms`));
    };
    return setInterval(look, LOOK_EVERY_MS);
  }

  #wire(tasks: Tasks): Running {
    const config = this.#config;
    const observe = this.#observe;
    const schedule = this.#reconcileSchedule;
    const target = redisTarget(config);
    const name = newConsumerName(process.pid);
    const onError = (error: Error) => observe({ kind: 'redis-trouble', where: 'connection', error });
    const to = { ...target, scripts, onError };
    const redis = connectForWork({ ...to, name });
    const reader = openReader({ ...to, name: `${name}-control`, blockMs: CONTROL_BLOCK_MS }, redis);
    const hear = (news: News): void => {
      // News of jobs would make it take some, which it may not do before it has its lease. It looks by itself then.
      if (this.#hasLease || news.type === 'queues') worker.hear(news);
    };
    const upkeep: Upkeep = new Upkeep({
      core: createCore(redis, config, { observe }),
      reader,
      config,
      tasks,
      name,
      runners: {
        livingConsumers: () => (this.#hasLease ? [this.#consumer] : []),
        send: (_, news) => hear(news),
        sendToAll: hear,
      },
      onDrain: () => void this.stop({ graceMs: MAX_TIMEOUT_MS }),
    });
    const send = (message: ToSupervisor) => {
      if (message.type === 'no-lease') void this.#register(upkeep);
    };
    const own = connect(this.#consumer, target, observe);
    const { names } = upkeep.served;
    const base = createBase(this.#consumer, config, names, own, tasks, schedule, observe, send);
    const { worker } = wire(base, config.queues, own, tasks, 'embedded', NO_OPERATORS);
    return {
      worker,
      upkeep,
      isConnected: () => redis.status === 'ready' && own.redis.status === 'ready',
      isAnswering: () =>
        Promise.all([redis.ping(), own.redis.ping()]).then(
          () => true,
          () => false,
        ),
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
      this.#leaseFailed(error);
    }
  }

  readonly #leaseFailed = (error: unknown): void => this.#observe(toFaultEvent('lease', error));

  /** As a stop of a supervisor: running jobs end while the lease is renewed -> the lease is given up -> the rest ends. */
  async #stop(graceMs: number): Promise<void> {
    // A start under way would else go on beside the stop.
    await this.#started.catch(() => undefined);
    if (this.#running !== undefined) {
      const { worker, upkeep, disconnect } = this.#running;
      upkeep.stops();
      await worker.stop(graceMs);
      this.#hasLease = false;
      const end = { clean: true, how: 'its program has stopped it' };
      const givenUp = upkeep.leases.giveUp(this.#consumer, end).catch(this.#leaseFailed);
      await Promise.race([givenUp, sleep(GIVE_UP_MS)]);
      await upkeep.stop();
      // What its own disconnect ends is no outage.
      this.#outages.stop();
      disconnect();
    }
    this.#events.emit('stopped');
  }
}

const NO_OPERATORS = { reports: undefined, tracing: undefined };
