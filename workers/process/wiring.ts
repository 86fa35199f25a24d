import { systemClock } from '../../src/clock.ts';
import { redisTarget } from '../../src/config/redis.ts';
import type { Config } from '../../src/config.ts';
import { Loop } from '../../src/maintenance/loop.ts';
import { primaryNamer } from '../../src/redis/cluster/primaries.ts';
import { whenReady } from '../../src/redis/connect.ts';
import { watchServers } from '../../src/redis/server/server-watch.ts';
import { isPattern } from '../../src/schemas/values/queue-patterns.ts';
import { loadTasks } from '../../src/tasks/load.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';
import { countsJobs, JobMetrics } from '../../src/telemetry/metrics/job-metrics.ts';
import { AttemptSpans } from '../../src/telemetry/spans/attempt-spans.ts';
import { startTracing, type Tracing } from '../../src/telemetry/spans/tracing.ts';
import { Acceptor } from '../intake/acceptor.ts';
import { Batcher } from '../intake/batcher.ts';
import { ConcurrencyLimiter } from '../intake/concurrency-limiter.ts';
import { DueReconciles } from '../intake/due-reconciles.ts';
import { HeldJobs } from '../intake/held-jobs.ts';
import { Reconciler, ReconcileSchedule } from '../intake/reconciler.ts';
import { Releaser } from '../intake/releaser.ts';
import { readBlockMs, TakeLoop } from '../intake/take-loop.ts';
import { HandOvers } from '../isolation/hand-overs.ts';
import { ThreadPool } from '../isolation/thread-pool.ts';
import { importTraced } from '../run/attempt-trace.ts';
import { Executor } from '../run/executor.ts';
import { HandlerRunner } from '../run/handler-runner.ts';
import { Holder } from '../run/holder.ts';
import { PersistentWriter } from '../run/persistent-writer.ts';
import type { RunningJob } from '../run/running-job.ts';
import { type Base, type Connections, connect, createBase, createWorkerObserver, type Send } from './base.ts';
import { HeartbeatSender } from './heartbeat.ts';
import { LeaseWatch } from './lease-watch.ts';
import { ReadWatch } from './read-watch.ts';
import { Reporter } from './reporter.ts';
import { ServedQueues } from './served-queues.ts';
import { UncaughtErrors } from './uncaught-errors.ts';
import { WorkerProcess } from './worker-process.ts';

const CONNECT_MS = 5_000;

export interface WorkerProcessOptions {
  /** Name of its consumer, and so of its lease. */
  consumer: string;
  config: Config;
  /** The queues that it serves at first. */
  queues: readonly string[];
  send: Send;
  /** Whether it runs one job and takes none. */
  isAlone: boolean;
  /** Called when the process must be replaced, perhaps more than once. */
  onDoubt: () => void;
}

/**
 * Loads the tasks, connects to Redis and makes the parts of one worker process. From then on uncaught errors do not end
 * this process. The caller starts it.
 */
export async function createWorkerProcess({
  consumer: consumerName,
  config,
  queues,
  send,
  isAlone,
  onDoubt,
}: WorkerProcessOptions): Promise<WorkerProcess> {
  const reconcileSchedule = new ReconcileSchedule(systemClock);
  const metrics = countsJobs(config) ? new JobMetrics() : undefined;
  const observe = createWorkerObserver(consumerName, config, reconcileSchedule, metrics);
  const tracing = await startTracing(config, 'millrace-worker', observe);
  const connections = connect(consumerName, redisTarget(config), observe);
  const tasks = await importTraced(() => loadTasks(config.tasksDir));
  const base = createBase(consumerName, config, queues, connections, tasks, reconcileSchedule, observe, send);
  const operators = { reports: config.healthPort > 0 ? { metrics } : undefined, tracing };
  const role = isAlone ? 'alone' : 'shared';
  const { worker, runner } = wire(base, config.queues, connections, tasks, role, operators);
  await Promise.all([whenReady(connections.redis, CONNECT_MS), connections.reader.whenReady(CONNECT_MS)]);
  new UncaughtErrors({
    only: () => (isAlone ? runner.lastTrace : undefined),
    clock: systemClock,
    observe,
    lease: consumerName,
    onDoubt: (isKnown) => {
      if (!isKnown) worker.suspectJobs();
      onDoubt();
    },
  }).install();
  return worker;
}

/** From Redis to the jobs that this process holds. */
export interface Intake {
  writer: PersistentWriter;
  releaser: Releaser;
  limiter: ConcurrencyLimiter<RunningJob>;
  heldJobs: HeldJobs;
  batcher: Batcher;
  reconciler: Reconciler;
  takeLoop: TakeLoop;
}

export function createIntake(base: Base): Intake {
  const { core, queues, consumer, ability, reconcileSchedule, observe, send } = base;
  const { clock } = core;
  const { concurrency: size, leaseMs } = base.config;
  const writer = new PersistentWriter(consumer, observe);
  const releaser = new Releaser(writer, observe);
  const limiter = new ConcurrencyLimiter<RunningJob>({ size, clock, release: releaser.release });
  const heldJobs = new HeldJobs(limiter);
  const acceptor = new Acceptor({ consumer, limiter, releaser, clock, observe });
  const batcher = new Batcher({
    consumer,
    queues,
    limiter,
    acceptor,
    ability,
    endRead: () => void consumer.interrupt().catch(() => undefined),
    clock,
    observe,
    onNoLease: (queue) => {
      heldJobs.loseLease(queue);
      send({ type: 'no-lease' });
    },
    onUncertainDelivery: reconcileSchedule.reconcileSoon,
    primaryOf: primaryNamer(core.redis),
  });
  watchServers(core.redis, (gone) => {
    batcher.inFlight.look(batcher.states, gone);
    // A full process would not look whether jobs are to be reconciled.
    batcher.schedule();
  });
  const reconciler = new Reconciler({ consumer, limiter, writer });
  const reconciles = new DueReconciles({ queues, consumer, batcher, reconciler, reconcileSchedule });
  const takeParts = { consumer, limiter, batcher, acceptor, reconciles, reconcileSchedule, clock, leaseMs };
  return { writer, releaser, limiter, heldJobs, batcher, reconciler, takeLoop: new TakeLoop(takeParts) };
}

/** From held jobs to their outcomes. The limiter gets its `run` only here: what runs jobs also frees slots. */
function createExecutor(
  { config, core, consumer, reconcileSchedule, observe, send }: Base,
  { limiter, batcher, writer }: Intake,
  tasks: ReadonlyMap<string, LoadedTask>,
  handOvers: HandOvers | undefined,
  tracing: Tracing | undefined,
): { heartbeat: HeartbeatSender; threads: ThreadPool; runner: HandlerRunner } {
  const { clock, settings } = core;
  const threads = new ThreadPool(config.concurrency, (event) => observe({ ...event, lease: consumer.name }));
  const heartbeat = new HeartbeatSender(() => limiter.held, clock, send);
  const runner = new HandlerRunner({
    consumer,
    writer,
    threads,
    handOvers,
    heartbeat,
    clock,
    observe,
    spans: tracing && new AttemptSpans(tracing.tracer),
    maxResultBytes: config.maxPayloadBytes,
  });
  const executor = new Executor({
    consumer,
    tasks,
    batcher,
    holder: new Holder(writer, consumer.name, observe),
    writer,
    settings,
    limiter,
    runner,
    clock,
    onStale: reconcileSchedule.reconcileSoon,
    observe,
  });
  limiter.runWith(executor.execute);
  return { heartbeat, threads, runner };
}

function createReadWatch({ config, core }: Base, { batcher, limiter }: Intake): ReadWatch {
  const blockMs = readBlockMs(config.leaseMs);
  return new ReadWatch({ states: batcher.states, limiter, clock: core.clock, blockMs });
}

/**
 * `shared`: it takes jobs, and hands suspects over to processes of their own. `alone`: it runs one job and takes none. `embedded`: it
 * takes jobs in the program of somebody else, which has no such processes.
 */
export type WorkerRole = 'shared' | 'alone' | 'embedded';

/** What operators have asked for. */
export interface Operators {
  reports: { metrics: JobMetrics | undefined } | undefined;
  tracing: Tracing | undefined;
}

/** Makes the parts of a worker. @param wanted names and patterns of queues. */
export function wire(
  base: Base,
  wanted: readonly string[],
  { redis, reader }: Connections,
  tasks: ReadonlyMap<string, LoadedTask>,
  role: WorkerRole,
  { reports, tracing }: Operators,
): { worker: WorkerProcess; runner: HandlerRunner } {
  const { config, core, queues, consumer, observe, send } = base;
  const intake = createIntake(base);
  const handOvers = role === 'shared' ? new HandOvers(send) : undefined;
  const isAlone = role === 'alone';
  const { heartbeat, threads, runner } = createExecutor(base, intake, tasks, handOvers, tracing);
  const leaseWatch = new LeaseWatch({
    consumer,
    queues,
    leaseMs: config.leaseMs,
    clock: core.clock,
    onLost: (queue) => intake.heldJobs.loseLease(queue),
  });
  const servedQueues = new ServedQueues({
    ...intake,
    queues,
    wanted,
    registry: core.queues,
    keySpace: core.keySpace,
  });
  if (wanted.some(isPattern)) consumer.dropWith(servedQueues.dropRemoved);
  const takes = isAlone ? [] : [new Loop('take', intake.takeLoop.run, observe)];
  const loops = [...takes, new Loop('lease', leaseWatch.run, observe)];
  const readWatch = isAlone ? undefined : createReadWatch(base, intake);
  const reporter = reports && new Reporter({ ...reports, readWatch, send });
  const close = async () => {
    await Promise.all([threads.close(), tracing?.stop()]);
    redis.disconnect();
    reader.disconnect();
  };
  const worker = new WorkerProcess({
    ...intake,
    queues,
    servedQueues,
    handOvers,
    heartbeat,
    leaseWatch,
    reporter,
    loops,
    close,
  });
  return { worker, runner };
}
