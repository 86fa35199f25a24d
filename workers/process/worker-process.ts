import { systemClock } from '../../src/clock.ts';
import type { Config } from '../../src/config.ts';
import { WaitingConsumer } from '../../src/lifecycle/consumer.ts';
import { toFaultEvent } from '../../src/maintenance/fault-event.ts';
import { Loop } from '../../src/maintenance/loop.ts';
import { createObserver } from '../../src/observer.ts';
import { BlockingReader } from '../../src/redis/blocking-reader.ts';
import { connectForBlocking, connectForWork, whenReady } from '../../src/redis/connect.ts';
import { KeySpace } from '../../src/redis/keyspace.ts';
import { scripts } from '../../src/scripts.ts';
import { loadTasks } from '../../src/tasks/load.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { logObserver } from '../../src/telemetry/log-observer.ts';
import { Batcher } from '../intake/batcher.ts';
import { ConcurrencyLimiter } from '../intake/concurrency.ts';
import { TakeLoop } from '../intake/take-loop.ts';
import { ProcessPool } from '../isolation/process-pool.ts';
import { ThreadPool } from '../isolation/thread-pool.ts';
import { Executor } from '../run/executor.ts';
import { PersistentWriter } from '../run/persistent-writer.ts';
import type { RunningJob } from '../run/running-job.ts';
import type { ToChild, ToParent } from '../supervisor/ipc.ts';
import { HeartbeatSender } from './heartbeat.ts';
import { LeaseWatch } from './lease-watch.ts';

const CONNECT_MS = 5_000;

interface ChildParts {
  slots: ConcurrencyLimiter<RunningJob>;
  settler: PersistentWriter;
  turns: Batcher;
  pass: TakeLoop;
  heart: HeartbeatSender;
  leaseWatch: LeaseWatch;
  loops: readonly Loop[];
  /** Ends what is left at the very end. */
  close: () => Promise<void>;
}

/**
 * One worker process: takes jobs and runs them. The parent renews its lease, so that a handler that blocks
 * this event loop keeps its jobs; when the parent is gone, so is the lease, and this process ends.
 */
class Child {
  readonly #parts: ChildParts;
  #stopping: Promise<void> | undefined;

  constructor(parts: ChildParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#parts.heart.start();
    for (const loop of this.#parts.loops) loop.start();
  }

  /** The parent has renewed the lease. */
  renewed(): void {
    this.#parts.leaseWatch.renewed();
  }

  cancel(queue: string, ref: string): void {
    for (const running of this.#held(queue)) {
      if (running.refText === ref) running.abort('cancelled');
    }
  }

  /** @param at what was taken later, Unix ms of Redis, is under a new lease. */
  leaseLost(queue: string, at = Number.POSITIVE_INFINITY): void {
    for (const running of this.#held(queue)) if (running.delivery.takenAt < at) running.abort('lease-lost');
  }

  /**
   * Stops within the grace and a moment: takes nothing more (a read that is out hands back what it brings) ->
   * lets the running jobs end -> aborts and hands back those that do not. A second call cuts the grace short.
   */
  stop(graceMs: number): Promise<void> {
    if (this.#stopping !== undefined && graceMs === 0) this.#abortAll();
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  async #stop(graceMs: number): Promise<void> {
    // Armed first: what follows may wait for Redis, which may be away.
    const timer = setTimeout(() => this.#abortAll(), graceMs);
    const { pass, slots, loops, heart, close } = this.#parts;
    await pass.stop();
    await slots.idle();
    await Promise.all(loops.map((loop) => loop.stop()));
    await pass.drained();
    clearTimeout(timer);
    heart.stop();
    await close();
  }

  #abortAll(): void {
    for (const running of this.#parts.slots.held) running.abort('shutdown');
    // The last try of every write is the one under way.
    const { settler, turns } = this.#parts;
    setTimeout(() => {
      settler.giveUp();
      turns.giveUp();
    }, 1_000).unref();
  }

  #held(queue: string): RunningJob[] {
    return [...this.#parts.slots.held].filter(({ delivery }) => delivery.keys.queue === queue);
  }
}

/** Nobody hears it when the parent is gone. */
const say = (message: ToParent): void => {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};

async function startChild(consumerName: string, config: Config): Promise<Child> {
  const logger = createLogger(config.logLevel, 'millrace-worker').child({ worker: consumerName });
  const observe = createObserver(logObserver(logger), {
    wants: (kind) => kind === 'defect',
    // Jobs that it concerns may have been taken, and be missing here.
    observe: () => pass.distrust(),
  });
  const onError = (error: unknown) => observe({ kind: 'redis-trouble', where: 'connection', error });
  const url = config.redisUrl;
  const redis = connectForWork({ url, name: consumerName, scripts, onError });
  const blocking = connectForBlocking({ url, name: `${consumerName}-reads`, scripts, onError });
  const tasks = await loadTasks(config.tasksDir);
  const consumer = new WaitingConsumer(consumerName, redis, new BlockingReader(blocking, redis));
  const settler = new PersistentWriter(consumer, observe, config.deadMax);
  const threads = new ThreadPool(config.concurrency);
  const { resultTtlMs, maxPayloadBytes: maxResultBytes } = config;
  const heart = new HeartbeatSender((): Iterable<RunningJob> => slots.held, systemClock, say);
  const executor = new Executor({
    consumer,
    tasks,
    threads,
    isolates: new ProcessPool(),
    settler,
    endWith: (keys, ended) => turns.end(keys, ended),
    onRan: (runMs) => slots.ran(runMs),
    onEnd: (running) => {
      slots.end(running);
      turns.schedule();
    },
    resultTtlMs,
    maxResultBytes,
    clock: systemClock,
    heart,
    observe,
  });
  const slots: ConcurrencyLimiter<RunningJob> = new ConcurrencyLimiter<RunningJob>({
    size: config.concurrency,
    run: executor.execute,
    giveBack: (items) => pass.handBack(items),
  });
  const keySpace = new KeySpace(config.prefix);
  const queues = config.queues.map((queue) => keySpace.queue(queue));
  const turns: Batcher = new Batcher({
    consumer,
    queues,
    slots,
    clock: systemClock,
    observe,
    onTaken: (taken) => pass.taken(taken),
    onNoLease: (queue, isNew) => {
      if (isNew) observe({ kind: 'lease-lost', consumer: consumerName, lease: consumerName, queue });
      child.leaseLost(queue);
      say({ type: 'no-lease' });
    },
    onDoubt: () => pass.distrust(),
  });
  const pass: TakeLoop = new TakeLoop({
    consumer,
    queues,
    slots,
    turns,
    settler,
    clock: systemClock,
    observe,
    leaseMs: config.leaseMs,
    onLost: (error) => observe(toFaultEvent('hand back', error)),
  });
  const leaseWatch = new LeaseWatch(consumer, queues, config.leaseMs, systemClock, (queue) =>
    child.leaseLost(queue),
  );
  const loops = [new Loop('take', pass.run, observe), new Loop('lease', leaseWatch.run, observe)];
  const close = async () => {
    await threads.close();
    redis.disconnect();
    blocking.disconnect();
  };
  const child = new Child({ slots, settler, turns, pass, heart, leaseWatch, loops, close });
  await Promise.all([whenReady(redis, CONNECT_MS), whenReady(blocking, CONNECT_MS)]);
  child.start();
  return child;
}

let child: Promise<Child> | undefined;

async function stop(graceMs: number): Promise<never> {
  await (await child)?.stop(graceMs);
  process.exit(0);
}

process.on('message', async (message: ToChild) => {
  if (message.type === 'start') {
    child = startChild(message.consumer, message.config);
    await child;
    say({ type: 'started' });
  } else if (message.type === 'stop') {
    await stop(message.graceMs);
  } else if (message.type === 'cancel') {
    (await child)?.cancel(message.queue, message.ref);
  } else if (message.type === 'renewed') {
    (await child)?.renewed();
  } else {
    (await child)?.leaseLost(message.queue, message.at);
  }
});
// The terminal signals the whole group; the parent tells its children itself.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// Nobody renews the lease any more.
process.on('disconnect', () => void stop(0));
