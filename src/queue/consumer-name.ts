import { randomBytes } from 'node:crypto';
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

/** A name for a lease that was given out over HTTP: `<worker>.<random>`, hard to guess and never used again. */
export function newLeaseName(worker: string): string {
  const label = worker.replaceAll(/[^A-Za-z0-9_@.-]/g, '-').slice(0, 64) || 'http';
  return `${label}.${randomBytes(12).toString('hex')}`;
}

/**
 * Host and process id of a worker's name; that of an HTTP lease has the host that its worker named after `@`, and
 * no process id. A name of another form is all host.
 */
export function parseWorkerName(name: string): { host: string; pid?: number } {
  const match = /^([A-Za-z0-9_-]+)\.(\d+)\.[0-9a-f]+$/.exec(name);
  if (match?.[1] === undefined) return { host: name.replace(/^(?:[^@]*@)?(.+)\.[0-9a-f]{24}$/, '$1') };
  return { host: match[1], pid: Number(match[2]) };
}
