import { setTimeout as sleep } from 'node:timers/promises';
import { redisTarget } from '../src/config/redis.ts';
import { misspeltSettings, sharedSettings } from '../src/config.ts';
import { createCore } from '../src/core/core.ts';
import { SharedSettings } from '../src/core/shared-settings.ts';
import { newConsumerName } from '../src/lifecycle/consumer-name.ts';
import { extendLease } from '../src/lifecycle/scripts/extend-lease.ts';
import { handOver } from '../src/lifecycle/scripts/hand-over.ts';
import { Loop } from '../src/maintenance/loop.ts';
import { Recoverer } from '../src/maintenance/recoverer.ts';
import { Sweeper } from '../src/maintenance/sweeper.ts';
import { describeMisspelt } from '../src/misspelt-settings.ts';
import { connectForWork, whenReady } from '../src/redis/connect.ts';
import { openReader } from '../src/redis/reads/open-reader.ts';
import { Firer } from '../src/schedules/firer.ts';
import { MAX_TIMEOUT_MS } from '../src/schemas/values/duration.ts';
import { scripts } from '../src/scripts.ts';
import { isOfTaskFile } from './run/attempt-trace.ts';
import { CancelListener, CONTROL_BLOCK_MS } from './supervisor/cancel-listener.ts';
import { HealthPort } from './supervisor/health-port.ts';
import { LeaseRenewer } from './supervisor/lease-renewer.ts';
import { leaveQueue, ServedQueues } from './supervisor/served-queues.ts';
import { setUp } from './supervisor/set-up.ts';
import { type LeaseKeeper, Supervisor } from './supervisor/supervisor.ts';
import { TaskAnnouncer } from './supervisor/task-announcer.ts';
import { WorkerReporter } from './supervisor/worker-reporter.ts';

const CONNECT_MS = 2_000;
/** How long a stop waits until its worker is no longer listed. */
const LAST_REPORT_MS = 1_000;

/** The API, which creates schedules, looks every second itself. */
const SCHEDULE_CHECK_MS = 10_000;

const { config, tasks, metrics, tracing, observe } = await setUp();
for (const misspelt of misspeltSettings()) {
  observe({ kind: 'misspelt-setting', text: describeMisspelt(misspelt) });
}

let lastFault: Error | undefined;
const onError = (error: Error) => {
  lastFault = error;
  observe({ kind: 'redis-trouble', where: 'connection', error });
};
const to = { ...redisTarget(config), scripts, onError };
const redis = connectForWork({ ...to, name: 'millrace-worker' });
const reader = openReader({ ...to, name: 'millrace-worker-control', blockMs: CONTROL_BLOCK_MS }, redis);
const core = createCore(redis, config, { observe });
const { clock } = core;

const served = new ServedQueues(core, config.queues, {
  onJoin: async (joined) => {
    await announcer.announce(joined, true);
    const consumers = supervisor.livingConsumers();
    if (consumers.length === 0) return;
    for (const keys of joined) await extendLease(redis, keys, 'new', consumers, config.leaseMs);
  },
  onRead: (names, hasChanged) => {
    // Also without a change: a process drops a deleted queue by itself, which may have come back since.
    supervisor.sendToAll({ type: 'queues', queues: names });
    if (!hasChanged) return;
    controlLoop.wake();
    void cancelListener.interrupt().catch(() => undefined);
  },
  onLeave: (keys) => void leaveQueue(redis, keys, supervisor.livingConsumers()).catch(() => undefined),
});
const { list: queues } = served;

const recoverer = new Recoverer(core, () => queues, config.processes);
const sweeper = new Sweeper(core, () => queues, config.processes);
const firer = new Firer(core, SCHEDULE_CHECK_MS);
const shared = new SharedSettings(core, 'worker', sharedSettings(config));
const announcer = new TaskAnnouncer(core, served, tasks);
const announceLoop = new Loop('announce', announcer.run, observe);
const announceAgain = () => {
  announcer.forget();
  announceLoop.wake();
};

const leases: LeaseKeeper = {
  register: async (consumer) => {
    await served.refresh();
    await renewer.register(consumer);
    // The process may lack a lease because Redis was emptied: the tasks must be announced again, too.
    announceAgain();
    // The supervisor counts it as living a moment later.
    setImmediate(() => reportLoop.wake());
  },
  giveUp: (consumer, end) => recoverer.giveUp(consumer, end),
  handOver: ({ queue, delivery: { place, entryId, token } }, from, to) =>
    handOver(redis, core.keySpace.queue(queue), { ref: { place, entryId }, token, from, to }),
};
const supervisor = new Supervisor({
  config,
  queues: () => served.names,
  leases,
  clock,
  observe,
  ...(metrics && { onMetrics: (batch) => metrics.add(batch) }),
});

const renewer = new LeaseRenewer({
  core,
  queues,
  supervisor,
  leaseMs: config.leaseMs,
  onLost: (consumer, queue, registeredAt) => {
    observe({ kind: 'lease-lost', consumer, lease: consumer, queue });
    supervisor.send(consumer, { type: 'lease-lost', queue, registeredAt });
    announceAgain();
  },
});

const cancelListener = new CancelListener(core, reader, queues, {
  onCancel: (queue, ref) => supervisor.sendToAll({ type: 'cancel', queue, ref }),
  onHeld: (queue, holdClass) => supervisor.sendToAll({ type: 'held', queue, holdClass }),
  onDrain: (name) => {
    if (name === workerName) drain();
  },
});

const workerName = newConsumerName(process.pid);
const reporter = new WorkerReporter({
  core,
  config,
  name: workerName,
  tasks: [...tasks.keys()],
  leases: () => supervisor.livingConsumers(),
  onDrain: drain,
});
const reportLoop = new Loop('report', reporter.run, observe);
const controlLoop = new Loop('control', cancelListener.run, observe);
const renew = async () => {
  await served.refresh();
  return renewer.run();
};
const loops = [
  announceLoop,
  reportLoop,
  new Loop('settings', shared.run, observe),
  new Loop('renew', renew, observe),
  new Loop('recover', recoverer.run, observe),
  new Loop('sweep', sweeper.run, observe),
  new Loop('schedules', firer.run, observe),
  new Loop('watch', supervisor.checkHeartbeats, observe),
  controlLoop,
  ...(served.hasPatterns ? [new Loop('queues', served.run, observe)] : []),
];

let stopping: Promise<void> | undefined;

const healthPort = new HealthPort({
  config,
  metrics,
  core,
  queues,
  processes: supervisor.takers,
  wanted: config.processes,
  isStopping: () => stopping !== undefined,
  lastFault: () => lastFault,
});
let isDraining = false;

/**
 * Stop order: the processes release and finish jobs while their leases are still renewed -> the loops end -> the
 * connections close -> the last spans are sent.
 */
async function stop(graceMs: number): Promise<void> {
  reporter.stops();
  reportLoop.wake();
  await supervisor.stop(graceMs);
  const stopped = Promise.all(loops.map((loop) => loop.stop()));
  await cancelListener.interrupt().catch(() => undefined);
  await stopped;
  // A stop does not wait for a Redis that is away: the record then expires.
  await Promise.race([reporter.remove().catch(() => undefined), sleep(LAST_REPORT_MS)]);
  await healthPort.close();
  redis.disconnect();
  reader.disconnect();
  await tracing?.stop();
  observe({ kind: 'stopped' });
}

/** A second signal ends the grace at once; the first one of a worker that drains begins it. */
function onStop(why: string): void {
  if (stopping !== undefined) {
    void supervisor.stop(isDraining ? config.shutdownGraceMs : 0);
    isDraining = false;
    return;
  }
  observe({ kind: 'stopping', why });
  stopping = stop(config.shutdownGraceMs);
}

/** Stops as for a signal, but gives jobs all the time that their timeouts allow. */
function drain(): void {
  if (stopping !== undefined) return;
  isDraining = true;
  observe({ kind: 'stopping', why: 'drain' });
  stopping = stop(MAX_TIMEOUT_MS);
}

process.on('SIGTERM', onStop);
process.on('SIGINT', onStop);
process.on('uncaughtException', (error, origin) => {
  // What a task file leaves behind runs here, too, and is no defect of this process.
  if (isOfTaskFile()) return observe({ kind: 'uncaught-error', origin, from: 'task file', error });
  observe({ kind: 'defect', where: 'worker', error });
  process.exitCode = 1;
  if (stopping === undefined) onStop('defect');
});

await healthPort.open();
await Promise.all([whenReady(redis, CONNECT_MS), reader.whenReady(CONNECT_MS)]);
for (const loop of loops) loop.start();
await supervisor.start();
observe({
  kind: 'ready',
  service: 'worker',
  queues: config.queues,
  tasks: [...tasks.keys()],
  processes: config.processes,
});
