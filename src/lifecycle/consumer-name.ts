import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/**
 * A name for one start of one worker process: `<host>.<pid>.<random>`. It is the consumer's name in every
 * group and the lease's name, and never used again.
 */
export function newConsumerName(pid: number): string {
  const host =
    hostname()
      .replaceAll(/[^A-Za-z0-9_-]/g, '-')
      .slice(0, 64) || 'host';
  return `${host}.${pid}.${randomBytes(5).toString('hex')}`;
}

/**
 * A name for a lease that was given out over HTTP: `<worker>.<random>`, never used again. It is no secret: it is shown
 * with the jobs.
 */
export function newLeaseName(worker: string): string {
  const label = worker.replaceAll(/[^A-Za-z0-9_@.-]/g, '-').slice(0, 64) || 'http';
  return `${label}.${randomBytes(12).toString('hex')}`;
}

/** The name of the lease that takes the place of an ended one by this request, the same when the request comes again. */
export function successorOf(lease: string, request: string): string {
  const worker = lease.slice(0, lease.lastIndexOf('.'));
  const hash = createHash('sha256').update(`${lease} ${request}`).digest('hex');
  return `${worker}.${hash.slice(0, 24)}`;
}

const LEASE_NAME = /^[A-Za-z0-9_@.-]{1,64}\.[0-9a-f]{24}$/;

/** Whether it can be the name of such a lease; that of a worker process of ours cannot. */
export const isLeaseName = (name: string): boolean => LEASE_NAME.test(name);

/**
 * Host and process id of a worker's name. That of an HTTP lease has what its worker said of itself, if that was of the form
 * `<name>-<pid>@<host>` or `<name>@<host>`; a name of another form is all host.
 */
export function parseWorkerName(name: string): { host: string; pid?: number } {
  const [, own, process] = /^([A-Za-z0-9_-]+)\.(\d+)\.[0-9a-f]+$/.exec(name) ?? [];
  if (own !== undefined) return { host: own, pid: Number(process) };
  const [, label = name] = /^(.+)\.[0-9a-f]{24}$/.exec(name) ?? [];
  const [, pid, host = label] = /^(?:[^@]*?(?:-(\d+))?@)?(.+)$/.exec(label) ?? [];
  return pid === undefined ? { host } : { host, pid: Number(pid) };
}
