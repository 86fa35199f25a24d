import { until } from '../../../helpers/redis/server.ts';
import type { Execution } from '../journal.ts';
import { underLoad } from '../load.ts';
import type { Fault } from '../oracle.ts';
import type { ClusterProcess } from '../process.ts';
import { runScenario, type Scenario, type ScenarioRun } from '../scenario-run.ts';
import { killWorker, WHOM } from './faults.ts';

/** Handlers are busy most of the time, and the load is less than what the workers can do. */
const LOAD = { maxMs: 200, perSecond: 300 };
/** Beyond the lease. */
export const RECOVERY_MS = 1_000;

/** kill -9 of workers under load: of the parent, of one process that runs jobs, or of all at once. */
export const killWorkers: Scenario = (options) =>
  runScenario('kill-workers', options, {}, async (set) => {
    const { cluster, faults } = set;
    // Each loss is measured by itself: what was interrupted runs again before the next.
    const mayFail = () =>
      cluster.workers.filter(({ ready }) => ready).length > 1 &&
      recoveries(faults.slice(-1), cluster.journal.executions).every((ms) => ms !== undefined);
    await underLoad(set, { ...LOAD, mayFail }, () => killOne(set));
    return {
      recoveries: (executions) => recoveries(faults, executions).filter((ms) => ms !== undefined),
      recoverWithinMs: cluster.options.leaseMs + RECOVERY_MS,
    };
  });

/** Kills a worker, or one of its processes, that runs jobs at this moment. */
async function killOne(set: ScenarioRun): Promise<void> {
  const { cluster, random } = set;
  const { worker, pid } = await until(() => busyOne(set, random.pick(cluster.workers)), 'a busy worker');
  killWorker(set, worker, random.pick(WHOM), pid);
}

/** The worker and a process of it that runs jobs, if there is one, and somebody is left to take them over. */
function busyOne(
  { cluster, random }: ScenarioRun,
  worker: ClusterProcess,
): { worker: ClusterProcess; pid: number } | undefined {
  const pids = worker.children.filter((pid) => cluster.journal.inFlight([pid]).length > 0);
  const isLast = !cluster.workers.some((other) => other !== worker && other.ready);
  return worker.ready && !isLast && pids.length > 0 ? { worker, pid: random.pick(pids) } : undefined;
}

/** For each fault and each job that it interrupted: ms until that job ran again, undefined while it has not. */
export function recoveries(
  faults: readonly Fault[],
  executions: readonly Execution[],
): (number | undefined)[] {
  const byJob = new Map<string, Execution[]>();
  for (const run of executions) {
    const runs = byJob.get(run.id);
    if (runs === undefined) byJob.set(run.id, [run]);
    else runs.push(run);
  }
  return faults.flatMap(({ at, until, pids = [] }) =>
    executions
      .filter((run) => run.endedAt === undefined && run.startedAt <= until && pids.includes(run.pid))
      .map((run) => {
        const again = byJob.get(run.id)?.find((other) => other.startedAt >= at && other.run !== run.run);
        return again && again.startedAt - at;
      }),
  );
}
