import { redisTarget } from '../src/config/redis.ts';
import { misspeltSettings } from '../src/config.ts';
import { createCore } from '../src/core/core.ts';
import { newConsumerName } from '../src/lifecycle/consumer-name.ts';
import { Loop } from '../src/maintenance/loop.ts';
import { describeMisspelt } from '../src/misspelt-settings.ts';
import { connectForWork, whenReady } from '../src/redis/connect.ts';
import { openReader } from '../src/redis/reads/open-reader.ts';
import { MAX_TIMEOUT_MS } from '../src/schemas/values/duration.ts';
import { scripts } from '../src/scripts.ts';
import { isOfTaskFile } from './run/attempt-trace.ts';
import { CONTROL_BLOCK_MS } from './supervisor/cancel-listener.ts';
import { HealthPort } from './supervisor/health-port.ts';
import { setUp } from './supervisor/set-up.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { Upkeep } from './supervisor/upkeep.ts';

const CONNECT_MS = 2_000;
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

const workerName = newConsumerName(process.pid);
const upkeep: Upkeep = new Upkeep({
  core,
  reader,
  config,
  tasks,
  name: workerName,
  // Made below: the supervisor needs the leases, which this keeps.
  runners: {
    livingConsumers: () => supervisor.livingConsumers(),
    send: (consumer, message) => supervisor.send(consumer, message),
    sendToAll: (message) => supervisor.sendToAll(message),
  },
  onDrain: drain,
});
const { served } = upkeep;
const supervisor: Supervisor = new Supervisor({
  config,
  queues: () => served.names,
  leases: upkeep.leases,
  clock: core.clock,
  observe,
  ...(metrics && { onMetrics: (batch) => metrics.add(batch) }),
});
const watchLoop = new Loop('watch', supervisor.checkHeartbeats, observe);

let stopping: Promise<void> | undefined;

const healthPort = new HealthPort({
  config,
  metrics,
  core,
  queues: served.list,
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
  upkeep.stops();
  await supervisor.stop(graceMs);
  await Promise.all([upkeep.stop(), watchLoop.stop()]);
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
upkeep.start();
watchLoop.start();
await supervisor.start();
observe({
  kind: 'ready',
  service: 'worker',
  queues: config.queues,
  tasks: [...tasks.keys()],
  processes: config.processes,
});
