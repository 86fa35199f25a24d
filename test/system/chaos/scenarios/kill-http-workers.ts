import { until } from '../../../helpers/redis/server.ts';
import { underLoad } from '../load.ts';
import type { ClusterProcess } from '../process.ts';
import { runScenario, type Scenario, type ScenarioRun } from '../scenario-run.ts';
import { harmless, killHttpWorker } from './faults.ts';
import { RECOVERY_MS, recoveries } from './kill-workers.ts';

const LOAD = { maxMs: 100, perSecond: 150, failing: 0.02 };
const RIG = { workers: 1, processes: 1, httpWorkers: 3 };

/** kill -9 of workers over HTTP, which share the queue with one of ours, and now and then of the API that serves them. */
export const killHttpWorkers: Scenario = (options) =>
  runScenario('kill-http-workers', options, RIG, async (set) => {
    const { cluster, random, faults } = set;
    const mayFail = () =>
      cluster.httpWorkers.filter(({ ready }) => ready).length > 1 &&
      recoveries(faults.slice(-1), cluster.journal.executions).every((ms) => ms !== undefined);
    await underLoad(set, { ...LOAD, mayFail }, async (i) => {
      if (i % 3 === 2) {
        await harmless(set, 'kill -9 API', async () => random.pick(cluster.apis).signal('SIGKILL'));
      } else await killOne(set);
    });
    return {
      recoveries: (executions) => recoveries(faults, executions).filter((ms) => ms !== undefined),
      recoverWithinMs: cluster.options.leaseMs + RECOVERY_MS,
      figures: {
        'restarts of workers': cluster.httpWorkers.reduce((sum, { exits }) => sum + exits.length, 0),
      },
    };
  });

/** Kills a worker that runs jobs at this moment. */
async function killOne(set: ScenarioRun): Promise<void> {
  const { cluster, random } = set;
  const busy = (worker: ClusterProcess) =>
    worker.ready && cluster.journal.inFlight([worker.pid ?? 0]).length > 0 && worker;
  const worker = await until(() => busy(random.pick(cluster.httpWorkers)), 'a busy worker');
  killHttpWorker(set, worker);
}
