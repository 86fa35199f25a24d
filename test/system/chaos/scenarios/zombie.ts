import { platform } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../helpers/redis/server.ts';
import type { Clients } from '../clients.ts';
import type { Cluster } from '../cluster.ts';
import type { Execution } from '../journal.ts';
import type { ClusterProcess } from '../process.ts';
import type { Random } from '../random.ts';
import { runScenario, type Scenario, type ScenarioRun } from '../scenario-run.ts';
import { signalWorker, WHOM, type Whom } from './faults.ts';

const RIG = { apis: 1, workers: 4, processes: 1, concurrency: 4 };
/** How long a process stands still beyond its lease. */
const BEYOND_MS = 5_000;
/** How long after the end of the lease the jobs run elsewhere, at most. */
const RECOVERY_MS = 1_000;
const JOBS_A_ROUND = 8;

interface Victim {
  worker: ClusterProcess;
  variant: Whom;
  pid: number;
  runs: Execution[];
}

/** Workers stand still for longer than their lease while they run jobs, and go on as if nothing had happened. */
export const zombie: Scenario = (options) =>
  runScenario('zombie', options, RIG, async (set) => {
    const violations: string[] = [];
    const recovered: number[] = [];
    const counts = { tree: 0, child: 0, parent: 0 };
    const stale = staleJobs(set.cluster);
    for (let made = 0, round = 0; made < options.faults; round += 1) {
      const victims = await holdJobs(set, round, Math.min(RIG.workers - 1, options.faults - made));
      for (const { variant } of victims) counts[variant] += 1;
      recovered.push(...(await freeze(set, victims)));
      for (const victim of victims) violations.push(...(await judgeVictim(set.cluster, victim, stale)));
      await endHeld(set.cluster, set.clients);
      made += victims.length;
      options.say(`${made} zombies`);
    }
    return {
      recoveries: () => recovered,
      // That one child stands still while its parent does not is seen in /proc alone.
      ...(platform === 'linux' && { recoverWithinMs: set.cluster.options.leaseMs + RECOVERY_MS }),
      figures: { 'whole workers, children, parents': `${counts.tree}, ${counts.child}, ${counts.parent}` },
      violations,
      expected: { endings: () => ['completed', 'cancelled'] },
    };
  });

/** Ids of jobs whose finish was refused, as the workers log it. */
function staleJobs(cluster: Cluster): Set<string> {
  const found = new Set<string>();
  cluster.watch((line) => {
    if (line.msg === 'stale') found.add(String(line['job']));
  });
  return found;
}

async function holdJobs(
  { cluster, clients, random }: ScenarioRun,
  round: number,
  limit: number,
): Promise<Victim[]> {
  const keys = Array.from({ length: JOBS_A_ROUND }, (_, i) => `z${round}.${i}`);
  await Promise.all(
    keys.map((key, i) =>
      clients.submit({ task: 'hold', payload: { key, until: i % 2 === 0 ? 'signal' : 'thawed' } }),
    ),
  );
  await until(() => held(cluster, keys).length === keys.length, 'jobs that are held');
  const victims = cluster.workers.flatMap((worker) => {
    const [pid = 0] = worker.children;
    const runs = held(cluster, keys).filter((run) => run.pid === pid);
    return runs.length === 0 ? [] : [{ worker, pid, runs }];
  });
  const first = random.below(WHOM.length);
  return shuffled(victims, random)
    .slice(0, limit)
    .map((victim, i) => ({ ...victim, variant: WHOM[(first + i) % WHOM.length] ?? 'tree' }));
}

const held = (cluster: Cluster, keys: readonly string[]): Execution[] =>
  cluster.journal.executions.filter((run) => run.endedAt === undefined && keys.includes(run.key));

const shuffled = <T>(items: readonly T[], random: Random): T[] =>
  items
    .map((item): [number, T] => [random.next(), item])
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);

/** Stops them and lets them go on; returns for each job that was lost with them, after how many ms it ran again. */
async function freeze({ cluster, faults }: ScenarioRun, victims: readonly Victim[]): Promise<number[]> {
  const signal = ({ worker, variant, pid }: Victim, name: NodeJS.Signals) =>
    signalWorker(worker, name, variant, pid);
  const at = Date.now();
  for (const victim of victims) signal(victim, 'SIGSTOP');
  await sleep(cluster.options.leaseMs + BEYOND_MS);
  const lost = victims.flatMap(({ runs }) => runs);
  const seconds = cluster.journal.executions.filter(
    (run) => run.attempt === 2 && lost.some(({ id }) => id === run.id),
  );
  for (const victim of victims) signal(victim, 'SIGCONT');
  for (const { variant, pid, runs } of victims) {
    faults.push({ kind: `SIGSTOP ${variant}`, at, until: Date.now(), pids: [pid], inFlight: runs.length });
  }
  return seconds.map(({ startedAt }) => startedAt - at);
}

/** Its lease was lost: every job has run again. The first run is aborted and finishes nothing. */
async function judgeVictim(cluster: Cluster, victim: Victim, stale: ReadonlySet<string>): Promise<string[]> {
  const { variant, runs } = victim;
  const missing = (run: Execution) =>
    [
      cluster.journal.executions.some(({ id, attempt }) => id === run.id && attempt === 2)
        ? undefined
        : 'did not run again',
      stale.has(run.id) ? undefined : 'was not refused its finish',
      run.abortedAt !== undefined || run.endedAt !== undefined ? undefined : 'was not aborted',
      (run.cause ?? 'lease-lost') === 'lease-lost' ? undefined : `was aborted as ${run.cause}`,
    ].filter((fault) => fault !== undefined);
  const now = () => cluster.journal.executions.filter((run) => runs.some((first) => first.run === run.run));
  const isDone = () => now().every((run) => missing(run).length === 0);
  await until(isDone, 'zombies that notice').catch(() => undefined);
  return now().flatMap((run) => missing(run).map((fault) => `${run.id} of a stopped ${variant} ${fault}`));
}

/** Those whose process was not stopped would hold for ever. */
async function endHeld(cluster: Cluster, clients: Clients): Promise<void> {
  const open = () => cluster.journal.executions.filter((run) => run.endedAt === undefined);
  for (const { id } of open()) await clients.insist(`/jobs/${id}/cancel`, [200, 202, 409]);
  await until(() => open().length === 0, 'the end of all that is held');
}
