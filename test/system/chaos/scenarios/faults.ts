import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, HTTP_WORKER_JOBS } from '../cluster.ts';
import type { ClusterProcess } from '../process.ts';
import type { ScenarioRun } from '../scenario-run.ts';

/** How long the processes of a killed worker may go on: until they notice, at most until their lease ends. */
const NOTICE_MS = 5_000;

export const WHOM = ['tree', 'child', 'parent'] as const;
export type Whom = (typeof WHOM)[number];

/** Signals all of a worker, the process that runs jobs, or the one that renews the leases. */
export function signalWorker(
  worker: ClusterProcess,
  signal: NodeJS.Signals,
  whom: Whom,
  child: number,
): void {
  worker.signal(signal, whom === 'child' ? child : whom === 'tree' ? 'tree' : 'self');
}

/** kill -9. */
export function killWorker(
  { cluster, faults }: ScenarioRun,
  worker: ClusterProcess,
  whom: Whom,
  child: number,
): void {
  const pids = whom === 'child' ? [child] : worker.children;
  const at = Date.now();
  signalWorker(worker, 'SIGKILL', whom, child);
  const inFlight = pids.length * cluster.options.concurrency;
  faults.push({ kind: `kill -9 ${whom}`, at, until: at + NOTICE_MS, pids, inFlight });
}

/** kill -9 of a worker over HTTP. */
export function killHttpWorker({ faults }: ScenarioRun, worker: ClusterProcess): void {
  const { pid } = worker;
  if (pid === undefined) return;
  const at = Date.now();
  worker.signal('SIGKILL');
  faults.push({
    kind: 'kill -9 worker over HTTP',
    at,
    until: Date.now(),
    pids: [pid],
    inFlight: HTTP_WORKER_JOBS,
  });
}

/** Stops a worker, or one of its processes, for a while. */
export async function freezeWorker(
  set: ScenarioRun,
  worker: ClusterProcess,
  whom: Whom,
  ms: number,
): Promise<void> {
  const { cluster, faults, random } = set;
  const { children } = worker;
  if (children.length === 0) return;
  const child = random.pick(children);
  const at = Date.now();
  signalWorker(worker, 'SIGSTOP', whom, child);
  await sleep(ms);
  signalWorker(worker, 'SIGCONT', whom, child);
  const inFlight = children.length * cluster.options.concurrency;
  faults.push({ kind: `SIGSTOP ${whom}`, at, until: Date.now() + NOTICE_MS, pids: children, inFlight });
}

/** Something that keeps every worker from Redis while it lasts, and maybe from its leases. */
export async function awayFromWorkers(
  set: ScenarioRun,
  kind: string,
  trouble: () => Promise<void>,
): Promise<void> {
  const at = Date.now();
  await trouble();
  const until = Date.now() + set.cluster.options.leaseMs + NOTICE_MS;
  set.faults.push({ kind, at, until, pids: undefined, inFlight: allSlots(set.cluster) });
}

/** Something that lets no job run twice. */
export async function harmless(
  { faults }: ScenarioRun,
  kind: string,
  trouble: () => Promise<void>,
): Promise<void> {
  const at = Date.now();
  await trouble();
  faults.push({ kind, at, until: Date.now(), pids: [], inFlight: 0 });
}

const allSlots = ({ options }: Cluster): number =>
  options.workers * options.processes * options.concurrency + options.httpWorkers * HTTP_WORKER_JOBS;
