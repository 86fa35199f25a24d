import { type Config, ConfigError, loadConfig, misspeltSettings } from '../src/config.ts';
import { createCore } from '../src/core/core.ts';
import { ensureGroups } from '../src/lifecycle/scripts/ensure-groups.ts';
import { extendLease } from '../src/lifecycle/scripts/recover.ts';
import { Loop } from '../src/maintenance/loop.ts';
import { Recoverer } from '../src/maintenance/recoverer.ts';
import { Sweeper } from '../src/maintenance/sweeper.ts';
import { describeMisspelt } from '../src/misspelt-settings.ts';
import { createObserver } from '../src/observer.ts';
import { BlockingReader } from '../src/redis/blocking-reader.ts';
import { connectForBlocking, connectForWork, whenReady } from '../src/redis/connect.ts';
import { Firer } from '../src/schedules/firer.ts';
import { scripts } from '../src/scripts.ts';
import { announceTasks } from '../src/tasks/announcements.ts';
import { loadTasks, TaskLoadError, toAnnouncement } from '../src/tasks/load.ts';
import type { LoadedTask } from '../src/tasks/types.ts';
import { createLogger } from '../src/telemetry/log.ts';
import { logObserver } from '../src/telemetry/log-observer.ts';
import { CancelListener } from './supervisor/cancel-listener.ts';
import { renewPass } from './supervisor/lease-renewer.ts';
import { Supervisor } from './supervisor/supervisor.ts';

const CONNECT_MS = 2_000;
/** Well within the life of an announcement. */
const ANNOUNCE_EVERY_MS = 600_000;

async function readSetup(): Promise<{ config: Config; tasks: ReadonlyMap<string, LoadedTask> }> {
  try {
    const config = loadConfig();
    return { config, tasks: await loadTasks(config.tasksDir) };
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof TaskLoadError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

const { config, tasks } = await readSetup();
const observe = createObserver(logObserver(createLogger(config.logLevel, 'millrace-worker')));
for (const misspelt of misspeltSettings()) {
  observe({ kind: 'misspelt-setting', text: describeMisspelt(misspelt) });
}
const url = config.redisUrl;
const onError = (error: unknown) => observe({ kind: 'redis-trouble', where: 'connection', error });
const redis = connectForWork({ url, name: 'millrace-worker', scripts, onError });
const blocking = connectForBlocking({ url, name: 'millrace-worker-control', scripts, onError });
const core = createCore(redis, config, { observe });
const queues = config.queues.map((queue) => core.keySpace.queue(queue));

const recoverer = new Recoverer(core, () => queues);
const sweeper = new Sweeper(core, () => queues);

const firer = new Firer(core);

const supervisor = new Supervisor(
  config,
  {
    register: async (consumer) => {
      for (const keys of queues) await extendLease(redis, keys, 'new', [consumer], config.leaseMs);
      // A lease that Redis does not know any more may mean that Redis was emptied.
      announceLoop.wake();
    },
    giveUp: (consumer, end) => recoverer.giveUp(consumer, end),
  },
  observe,
);

/** Makes the queues known and says which tasks this worker has. */
const announcePass = async (): Promise<number> => {
  await core.queues.register(config.queues);
  const announcements = [...tasks.values()].map(toAnnouncement);
  for (const keys of queues) {
    await ensureGroups(redis, keys);
    await announceTasks(redis, keys, announcements, core.clock.wall());
  }
  return ANNOUNCE_EVERY_MS;
};
const control = new CancelListener(new BlockingReader(blocking, redis), core, queues, (queue, ref) =>
  supervisor.tellAll({ type: 'cancel', queue, ref }),
);
const announceLoop = new Loop('announce', announcePass, observe);
const loops = [
  announceLoop,
  new Loop(
    'renew',
    renewPass(redis, queues, supervisor, config.leaseMs, (consumer, queue, at) => {
      observe({ kind: 'lease-lost', consumer, lease: consumer, queue });
      supervisor.tell(consumer, { type: 'lease-lost', queue, at });
      announceLoop.wake();
    }),
    observe,
  ),
  new Loop('recover', recoverer.run, observe),
  new Loop('sweep', sweeper.run, observe),
  new Loop('schedules', firer.run, observe),
  new Loop('watch', supervisor.watch, observe),
  new Loop('control', control.run, observe),
];

let stopping: Promise<void> | undefined;

/**
 * Stop order: the processes hand back and finish while their leases are still renewed -> the loops end ->
 * the connections close. A second signal cuts the grace short.
 */
async function stop(): Promise<void> {
  await supervisor.stop(config.shutdownGraceMs);
  const stopped = Promise.all(loops.map((loop) => loop.stop()));
  await control.interrupt().catch(() => undefined);
  await stopped;
  redis.disconnect();
  blocking.disconnect();
  observe({ kind: 'stopped' });
}

function onStop(why: string): void {
  if (stopping !== undefined) {
    void supervisor.stop(0);
    return;
  }
  observe({ kind: 'stopping', why });
  stopping = stop();
}

process.on('SIGTERM', onStop);
process.on('SIGINT', onStop);
process.on('uncaughtException', (error) => {
  observe({ kind: 'defect', where: 'worker', error });
  process.exitCode = 1;
  if (stopping === undefined) onStop('defect');
});

await Promise.all([whenReady(redis, CONNECT_MS), whenReady(blocking, CONNECT_MS)]);
for (const loop of loops) loop.start();
await supervisor.start();
observe({
  kind: 'ready',
  service: 'worker',
  queues: config.queues,
  tasks: [...tasks.keys()],
  processes: config.processes,
});
