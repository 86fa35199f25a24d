import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addressFile } from './redis-server.ts';
import { heldFor } from './start-lock.ts';

export interface RunningStack {
  /** URL of the API. */
  readonly url: string;
  /** For REDIS_URL; undefined when the stack did not start a Redis of its own. */
  readonly redisUrl: string | undefined;
}

/** The stack that `npm start` runs with its data in the folder, or undefined. */
export async function runningStack(dir: string): Promise<RunningStack | undefined> {
  const url = await heldFor(join(dir, 'lock'));
  if (url === undefined) return undefined;
  const address = await readFile(addressFile(join(dir, 'redis')), 'utf8').catch(() => '');
  return { url, redisUrl: address.trim() === '' ? undefined : address.trim() };
}

/** The host of a URL. A client cannot connect to an address that means "all interfaces". */
export function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
