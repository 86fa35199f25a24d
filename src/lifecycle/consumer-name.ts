import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/**
 * The consumer's name for one start of one worker process: `<host>.<pid>.<random>`. It is the same in all queues, and
 * is never used again.
 */
export function newConsumerName(pid: number): string {
  const host =
    hostname()
      .replaceAll(/[^A-Za-z0-9_-]/g, '-')
      .slice(0, 64) || 'host';
  return `${host}.${pid}.${randomBytes(5).toString('hex')}`;
}

/**
 * The consumer's name for one HTTP lease: `<worker>.<random>`, never used again. It is no secret: it is shown with the
 * jobs. @param holder the client that takes the lease, to whom it is bound; '' binds it to none.
 */
export function newLeaseName(worker: string, holder = ''): string {
  return boundName(`${workerLabel(worker)}.${randomBytes(12).toString('hex')}`, holder);
}

/** Characters at the end of a name that say who holds the lease: 48 bits, as many as make the name unique. */
const BOUND_LENGTH = 12;

/** The name whose end is a digest of the rest and of the holder. So a name that jobs have cannot be another client's. */
function boundName(name: string, holder: string): string {
  if (holder === '') return name;
  const unique = name.slice(0, -BOUND_LENGTH);
  const digest = createHash('sha256').update(`${unique} ${holder}`).digest('hex');
  return unique + digest.slice(0, BOUND_LENGTH);
}

/** Whether the client holds the lease. Where clients need no key, any of them does. */
export const isHeldBy = (name: string, holder: string): boolean => boundName(name, holder) === name;

/** The name of an HTTP worker as its leases show it; `http` for one without a name. */
export const workerLabel = (worker: string): string =>
  worker.replaceAll(/[^A-Za-z0-9_@.-]/g, '-').slice(0, 64) || 'http';

/** The worker of an HTTP lease. */
export const workerOfLease = (lease: string): string => lease.slice(0, lease.lastIndexOf('.'));

/** The name of the lease that replaces an ended one, of the same holder. A repeated request gets the same name. */
export function replacementLeaseName(ended: string, requestDigest: string, holder = ''): string {
  const worker = workerOfLease(ended);
  const hash = createHash('sha256').update(`${ended} ${requestDigest}`).digest('hex');
  return boundName(`${worker}.${hash.slice(0, 24)}`, holder);
}

const LEASE_NAME = /^[A-Za-z0-9_@.-]{1,64}\.[0-9a-f]{24}$/;

/** Whether the consumer can be an HTTP lease; the names of worker processes have another form. */
export const isLeaseName = (name: string): boolean => LEASE_NAME.test(name);

/**
 * Host and process id by a consumer's name. An HTTP lease shows those of its worker if the worker's name has the form
 * `<name>-<pid>@<host>` or `<name>@<host>`; otherwise its whole name counts as the host.
 */
export function parseWorkerName(name: string): { host: string; pid?: number } {
  const [, ownHost, ownPid] = /^([A-Za-z0-9_-]+)\.(\d+)\.[0-9a-f]+$/.exec(name) ?? [];
  if (ownHost !== undefined) return { host: ownHost, pid: Number(ownPid) };
  const [, worker = name] = /^(.+)\.[0-9a-f]{24}$/.exec(name) ?? [];
  const [, pid, host = worker] = /^(?:[^@]*?(?:-(\d+))?@)?(.+)$/.exec(worker) ?? [];
  return pid === undefined ? { host } : { host, pid: Number(pid) };
}
