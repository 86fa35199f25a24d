import { until } from '../../../helpers/redis/server.ts';
import { type Cluster, QUEUE } from '../cluster.ts';
import type { Execution } from '../journal.ts';
import { underLoad } from '../load.ts';
import type { Fault } from '../oracle.ts';
import { runScenario, type Scenario, type ScenarioRun } from '../scenario-run.ts';
import { nextAccepted, nextStarted } from '../waits.ts';
import { harmless, killWorker, WHOM } from './faults.ts';

const LOAD = { maxMs: 40, perSecond: 120 };
/** Longer than Redis is away, so that no lease ends for that. */
const LEASE_MS = 6_000;
const CONCURRENCY = 8;
const KEYS = 12;

const keyOf = (i: number): string => `tenant ${i % KEYS}`;
/** The key of the limit, by the name that the load gives to the job. */
const keyOfRun = ({ key }: Execution): string => keyOf(Number(key.slice(1)));

/** kill -9 of workers, APIs and Redis under limits: never do more jobs run than are allowed, and none is held for ever. */
export const limits: Scenario = (options) =>
  runScenario('limits', options, { leaseMs: LEASE_MS, httpWorkers: 1 }, async (set) => {
    const { cluster, faults, clients } = set;
    await setLimits(cluster);
    const mayFail = () => cluster.workers.filter(({ ready }) => ready).length > 1;
    await underLoad(set, { ...LOAD, keyOf, mayFail }, async (i) => {
      if (i % 3 === 0) await killOneWorker(set);
      else if (i % 3 === 1) await harmless(set, 'kill -9 api', () => killApi(set));
      else {
        const at = Date.now();
        await cluster.redis.restart('SIGKILL');
        const back = Date.now();
        faults.push({ kind: 'kill -9 redis', at, until: back, pids: [], inFlight: 0 });
        await nextAccepted(clients, back);
        await nextStarted(cluster, back);
      }
    });
    await until(() => cluster.journal.ended >= clients.accepted.size, 'the end of all jobs');
    const runs = cluster.journal.executions;
    const atOnce = mostAtOnce(runs, faults);
    const ofAKey = Math.max(
      ...Array.from({ length: KEYS }, (_, i) =>
        mostAtOnce(
          runs.filter((run) => keyOfRun(run) === keyOf(i)),
          faults,
        ),
      ),
    );
    return {
      figures: { 'most at once': atOnce, 'most of a key at once': ofAKey },
      violations: [
        ...(atOnce > CONCURRENCY ? [`${atOnce} jobs ran at the same time, ${CONCURRENCY} may`] : []),
        ...(ofAKey > 1 ? [`${ofAKey} jobs of a key ran at the same time, one may`] : []),
      ],
    };
  });

async function setLimits({ origins }: Cluster): Promise<void> {
  const answer = await fetch(`${origins[0]}/queues/${QUEUE}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ concurrency: CONCURRENCY, perKey: { concurrency: 1 }, fair: true }),
  });
  if (!answer.ok) throw new Error(`the limits were answered ${answer.status}: ${await answer.text()}`);
}

/** Kills a worker that runs jobs at this moment, its parent or one of its processes. */
async function killOneWorker(set: ScenarioRun): Promise<void> {
  const { cluster, random } = set;
  const found = await until(() => {
    const worker = random.pick(cluster.workers);
    const [pid] = worker.children.filter((one) => cluster.journal.inFlight([one]).length > 0);
    return worker.ready && pid !== undefined && { worker, pid };
  }, 'a busy worker');
  killWorker(set, found.worker, random.pick(WHOM), found.pid);
}

async function killApi({ cluster, random }: ScenarioRun): Promise<void> {
  const which = random.below(cluster.apis.length);
  cluster.apis[which]?.signal('SIGKILL');
  await cluster.untilApiReady(which);
}

/** The most handlers that ran at the same time, by their own journal. One that was killed ran until then. */
function mostAtOnce(runs: readonly Execution[], faults: readonly Fault[]): number {
  const changes = runs.flatMap((run): [at: number, delta: number][] => {
    const end = run.endedAt ?? run.abortedAt ?? killedAt(run, faults);
    return end === undefined
      ? []
      : [
          [run.startedAt, 1],
          [end, -1],
        ];
  });
  // In the same millisecond an end comes before a start.
  changes.sort(([at, delta], [otherAt, otherDelta]) => at - otherAt || delta - otherDelta);
  let running = 0;
  let most = 0;
  for (const [, delta] of changes) {
    running += delta;
    most = Math.max(most, running);
  }
  return most;
}

function killedAt({ pid, startedAt }: Execution, faults: readonly Fault[]): number | undefined {
  const fault = faults.find(({ pids, until: over }) => over >= startedAt && pids?.includes(pid));
  return fault && Math.max(startedAt, fault.at);
}
