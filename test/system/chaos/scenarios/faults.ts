import { setTimeout as sleep } from 'node:timers/promises';
import type { Part } from '../part.ts';
import { HTTP_WORKER_JOBS, type Rig } from '../rig.ts';
import type { Stage } from '../stage.ts';

/** How long the processes of a killed worker may go on: until they notice, at most until their lease ends. */
const NOTICE_MS = 5_000;

export const WHOM = ['tree', 'child', 'parent'] as const;
export type Whom = (typeof WHOM)[number];

/** Signals all of a worker, the process that runs jobs, or the one that renews the leases. */
export function signalWorker(worker: Part, signal: NodeJS.Signals, whom: Whom, child: number): void {
  worker.signal(signal, whom === 'child' ? child : whom === 'tree' ? 'tree' : 'self');
}

/** kill -9. */
export function killWorker({ rig, faults }: Stage, worker: Part, whom: Whom, child: number): void {
  const pids = whom === 'child' ? [child] : worker.children;
  const at = Date.now();
  signalWorker(worker, 'SIGKILL', whom, child);
  const inFlight = pids.length * rig.options.concurrency;
  faults.push({ kind: `kill -9 ${whom}`, at, until: at + NOTICE_MS, pids, inFlight });
}

/** kill -9 of a worker over HTTP. */
export function killHttpWorker({ faults }: Stage, worker: Part): void {
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

/** Stops a worker, or a part of it, for a while. */
export async function freezeWorker(set: Stage, worker: Part, whom: Whom, ms: number): Promise<void> {
  const { rig, faults, random } = set;
  const { children } = worker;
  if (children.length === 0) return;
  const child = random.pick(children);
  const at = Date.now();
  signalWorker(worker, 'SIGSTOP', whom, child);
  await sleep(ms);
  signalWorker(worker, 'SIGCONT', whom, child);
  const inFlight = children.length * rig.options.concurrency;
  faults.push({ kind: `SIGSTOP ${whom}`, at, until: Date.now() + NOTICE_MS, pids: children, inFlight });
}

/** Something that keeps every worker from Redis while it lasts, and maybe from its leases. */
export async function awayFromWorkers(set: Stage, kind: string, trouble: () => Promise<void>): Promise<void> {
  const at = Date.now();
  await trouble();
  const until = Date.now() + set.rig.options.leaseMs + NOTICE_MS;
  set.faults.push({ kind, at, until, pids: undefined, inFlight: allSlots(set.rig) });
}

/** Something that lets no job run twice. */
export async function harmless({ faults }: Stage, kind: string, trouble: () => Promise<void>): Promise<void> {
  const at = Date.now();
  await trouble();
  faults.push({ kind, at, until: Date.now(), pids: [], inFlight: 0 });
}

const allSlots = ({ options }: Rig): number =>
  options.workers * options.processes * options.concurrency + options.httpWorkers * HTTP_WORKER_JOBS;
