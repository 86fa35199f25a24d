import { until } from '../../../helpers/redis/server.ts';
import type { Cluster } from '../cluster.ts';
import type { Execution } from '../journal.ts';
import { underLoad } from '../load.ts';
import type { ClusterProcess } from '../process.ts';
import { runScenario, type Scenario, type ScenarioRun } from '../scenario-run.ts';

const LOAD = { maxMs: 200, perSecond: 300 };
/** Released jobs must start elsewhere within this. */
const PICKED_UP_MS = 1_000;

/** SIGTERM of workers under load: what runs is finished, what has not started runs elsewhere, nothing twice. */
export const stopWorkers: Scenario = (options) =>
  runScenario('stop-workers', options, {}, async (set) => {
    const { cluster } = set;
    const pickedUp: number[] = [];
    const violations: string[] = [];
    const mayFail = () => cluster.workers.filter(({ ready }) => ready).length > 1;
    await underLoad(set, { ...LOAD, mayFail }, async () => {
      const from = Date.now();
      violations.push(...(await stopOne(set)));
      pickedUp.push(...(await handedBack(cluster, from)));
    });
    return {
      recoveries: () => pickedUp,
      recoverWithinMs: PICKED_UP_MS,
      figures: { released: pickedUp.length },
      violations: [...violations, ...attemptsSpent(cluster.journal.executions)],
    };
  });

/** Stops one worker in order; returns what was wrong with its end. */
export async function stopOne({ cluster, random, faults }: ScenarioRun): Promise<string[]> {
  const worker = await until(() => readyOne(random.pick(cluster.workers)), 'a worker that is ready');
  const at = Date.now();
  const ended = worker.ended();
  worker.signal('SIGTERM');
  const exit = await ended;
  faults.push({ kind: 'SIGTERM worker', at, until: at, pids: [], inFlight: 0 });
  return exit?.code === 0 ? [] : [`${worker.name} ended with ${JSON.stringify(exit)} after SIGTERM`];
}

const readyOne = (worker: ClusterProcess): ClusterProcess | undefined => (worker.ready ? worker : undefined);

const attemptsSpent = (executions: readonly Execution[]): string[] =>
  executions
    .filter(({ attempt }) => attempt > 1)
    .map(({ id, attempt }) => `${id} spent an attempt: ran as attempt ${attempt}`);

/** For each job that was released since a moment: ms until it was started again. */
async function handedBack({ client, keys }: Cluster, from: number): Promise<number[]> {
  return until(async () => {
    const moves = (await client.xrange(keys.events, String(from), '+')).flatMap(([at, fields]) => {
      // One entry may tell several things, in pairs of pairs: e, kind, j, refs.
      return fields.flatMap((refs, i) => {
        if (i % 4 !== 3) return [];
        const kind = fields[i - 2] ?? '';
        return refs.split(' ').map((ref) => ({ at: Number.parseInt(at, 10), kind, ref }));
      });
    });
    const waits = moves
      .filter(({ kind }) => kind === 'released')
      .map(({ ref, at }) => {
        const next = moves.find((move) => move.kind === 'started' && move.ref === ref && move.at >= at);
        return next && next.at - at;
      });
    return waits.every((wait) => wait !== undefined) && waits;
  }, 'released jobs that start again');
}
