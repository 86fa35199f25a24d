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

/** Host and process id of a worker's name; a name of another form is all host. */
export function parseWorkerName(name: string): { host: string; pid?: number } {
  const match = /^([A-Za-z0-9_-]+)\.(\d+)\.[0-9a-f]+$/.exec(name);
  if (match?.[1] === undefined) return { host: name };
  return { host: match[1], pid: Number(match[2]) };
}
