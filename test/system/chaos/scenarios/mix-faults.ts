import { setTimeout as sleep } from 'node:timers/promises';
import { isCommand } from '../commands.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import { awayFromWorkers, freezeWorker, harmless, killHttpWorker, killWorker, WHOM } from './faults.ts';

type Fault = (set: ScenarioRun) => Promise<void>;

const MAX_FREEZE_MS = 5_000;
const MAX_OUTAGE_MS = 4_000;
const MAX_DELAY_MS = 150;
/** Everything that asks Redis to take a job in or to let go of one. */
const MOVES = isCommand(
  'submit',
  'xadd',
  'retry',
  'bury',
  'release',
  'complete-and-take',
  'settle-and-take',
  'requeue',
  'cancel',
);

const upTo = ({ random }: ScenarioRun, ms: number) => sleep(random.below(ms));

/** All that can go wrong, each about as often as the others. */
export const MIX_FAULTS: Readonly<Record<string, Fault>> = {
  'kill -9 worker': async (set) => {
    const worker = set.random.pick(set.cluster.workers);
    const [child = 0] = worker.children;
    if (child !== 0) killWorker(set, worker, set.random.pick(WHOM), child);
  },
  'kill -9 worker over HTTP': async (set) => killHttpWorker(set, set.random.pick(set.cluster.httpWorkers)),
  'stop and continue worker': (set) => {
    const { random, cluster } = set;
    return freezeWorker(set, random.pick(cluster.workers), random.pick(WHOM), random.below(MAX_FREEZE_MS));
  },
  'SIGTERM worker': (set) =>
    harmless(set, 'SIGTERM worker', async () => set.random.pick(set.cluster.workers).signal('SIGTERM')),
  'kill -9 API': (set) =>
    harmless(set, 'kill -9 API', async () => set.random.pick(set.cluster.apis).signal('SIGKILL')),
  'SIGTERM API': (set) =>
    harmless(set, 'SIGTERM API', async () => set.random.pick(set.cluster.apis).signal('SIGTERM')),
  'stop and continue API': (set) =>
    harmless(set, 'SIGSTOP API', async () => {
      const api = set.random.pick(set.cluster.apis);
      api.signal('SIGSTOP');
      await upTo(set, MAX_FREEZE_MS);
      api.signal('SIGCONT');
    }),
  'restart Redis': (set) =>
    awayFromWorkers(set, 'restart of Redis', () =>
      set.cluster.redis.restart(set.random.pick(['SIGKILL', 'SIGTERM'])),
    ),
  'stop and continue Redis': (set) =>
    awayFromWorkers(set, 'SIGSTOP Redis', async () => {
      set.cluster.redis.signal('SIGSTOP');
      await upTo(set, MAX_OUTAGE_MS);
      set.cluster.redis.signal('SIGCONT');
    }),
  'flush scripts': (set) =>
    harmless(set, 'SCRIPT FLUSH', async () => {
      // Redis may be away for another reason just now.
      await set.cluster.client.script('FLUSH').catch(() => undefined);
    }),
  'black hole': (set) =>
    awayFromWorkers(set, 'black hole', async () => {
      const proxy = set.random.pick([set.cluster.proxies.api, set.cluster.proxies.worker]);
      proxy.blackHole();
      await upTo(set, MAX_OUTAGE_MS);
      proxy.heal();
    }),
  cut: (set) =>
    harmless(set, 'cut', async () =>
      set.random.pick([set.cluster.proxies.api, set.cluster.proxies.worker]).cut(),
    ),
  delay: (set) =>
    awayFromWorkers(set, 'delay', async () => {
      const proxy = set.random.pick([set.cluster.proxies.api, set.cluster.proxies.worker]);
      proxy.delay(set.random.below(MAX_DELAY_MS));
      await upTo(set, MAX_OUTAGE_MS);
      proxy.heal();
    }),
  'lose replies': (set) =>
    harmless(set, 'lost reply', async () =>
      set.random.pick([set.cluster.proxies.api, set.cluster.proxies.worker]).dropReplies(1, MOVES),
    ),
};
