import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../helpers/redis/server.ts';
import { underLoad } from '../load.ts';
import { seeded } from '../random.ts';
import { runScenario, type Scenario, type ScenarioRun } from '../scenario-run.ts';
import { mayEndCancelled, mixedClient } from './mix-clients.ts';
import { MIX_FAULTS } from './mix-faults.ts';

const LOAD = { maxMs: 100, perSecond: 60, failing: 0.02 };
const CLIENTS = 4;
/** Hands that do harm at the same time, so that troubles overlap. */
const HANDS = 2;
const MAX_PAUSE_MS = 1_500;
const MS_A_MINUTE = 60_000;
const REPORT_EVERY_MS = 30_000;

/** Everything at once, by chance, for as long as asked for; then all is healed and must come to rest. */
export const mix: Scenario = (options) =>
  runScenario('mix', options, { proxied: true, httpWorkers: 2 }, async (set) => {
    const { cluster } = set;
    const end = performance.now() + options.minutes * MS_A_MINUTE;
    const isOver = () => performance.now() >= end;
    const own = (i: number): ScenarioRun => ({ ...set, random: seeded(options.seed + 10 + i) });
    const made = new Map<string, number>();
    const trouble = async () => {
      const hands = Array.from({ length: HANDS }, (_, i) => doHarm(own(i), made, isOver));
      const clients = Array.from({ length: CLIENTS }, (_, i) => mixedClient(own(CLIENTS + i), i, isOver));
      await Promise.all([...hands, ...clients, tell(set, isOver)]);
      await heal(set);
    };
    await underLoad({ ...set, options: { ...options, faults: 1 } }, LOAD, trouble);
    const harm = [...made].map(([name, count]) => `${name} x ${count}`).join(', ');
    return {
      expected: { endings: (key) => (mayEndCancelled(key) ? ['completed', 'cancelled'] : ['completed']) },
      figures: {
        harm,
        restarts: [...cluster.apis, ...cluster.workers].reduce((sum, one) => sum + one.exits.length, 0),
      },
    };
  });

async function doHarm(set: ScenarioRun, made: Map<string, number>, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const [name, fault] = set.random.pick(Object.entries(MIX_FAULTS));
    await fault(set);
    made.set(name, (made.get(name) ?? 0) + 1);
    await sleep(set.random.below(MAX_PAUSE_MS));
  }
}

async function tell(
  { clients, cluster, faults, options }: ScenarioRun,
  isOver: () => boolean,
): Promise<void> {
  for (let next = performance.now() + REPORT_EVERY_MS; !isOver(); next += REPORT_EVERY_MS) {
    await until(() => isOver() || performance.now() >= next, 'time', 2 * REPORT_EVERY_MS);
    options.say(`${faults.length} faults, ${clients.accepted.size} accepted, ${cluster.journal.ended} ended`);
  }
}

/** Ends all trouble that may still be on. */
async function heal({ cluster }: ScenarioRun): Promise<void> {
  for (const proxy of [cluster.proxies.api, cluster.proxies.worker]) proxy.heal();
  for (const part of [...cluster.apis, ...cluster.workers]) part.signal('SIGCONT', 'tree');
  await until(() => cluster.workers.every(({ ready }) => ready), 'workers that are ready again');
}
