import { until } from '../../../helpers/redis/server.ts';
import { underLoad } from '../flow.ts';
import type { Part } from '../part.ts';
import { type Scenario, type Stage, stage } from '../stage.ts';
import { harmless, killHttpWorker } from './faults.ts';
import { RECOVERY_MS, recoveries } from './kill-workers.ts';

const LOAD = { maxMs: 100, perSecond: 150, failing: 0.02 };
const RIG = { workers: 1, processes: 1, httpWorkers: 3 };

/** kill -9 of workers over HTTP, which share the queue with one of ours, and now and then of the API that serves them. */
export const killHttpWorkers: Scenario = (options) =>
  stage('kill-http-workers', options, RIG, async (set) => {
    const { rig, random, faults } = set;
    const mayFail = () =>
      rig.httpWorkers.filter(({ ready }) => ready).length > 1 &&
      recoveries(faults.slice(-1), rig.journal.executions).every((ms) => ms !== undefined);
    await underLoad(set, { ...LOAD, mayFail }, async (i) => {
      if (i % 3 === 2) {
        await harmless(set, 'kill -9 API', async () => random.pick(rig.apis).signal('SIGKILL'));
      } else await killOne(set);
    });
    return {
      recoveries: (executions) => recoveries(faults, executions).filter((ms) => ms !== undefined),
      recoverWithinMs: rig.options.leaseMs + RECOVERY_MS,
      figures: { 'restarts of workers': rig.httpWorkers.reduce((sum, { exits }) => sum + exits.length, 0) },
    };
  });

/** Kills a worker that runs jobs at this moment. */
async function killOne(set: Stage): Promise<void> {
  const { rig, random } = set;
  const busy = (worker: Part) => worker.ready && rig.journal.inFlight([worker.pid ?? 0]).length > 0 && worker;
  const worker = await until(() => busy(random.pick(rig.httpWorkers)), 'a busy worker');
  killHttpWorker(set, worker);
}
