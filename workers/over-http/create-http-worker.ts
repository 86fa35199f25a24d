import { hostname } from 'node:os';
import { childEnv, loadClientConfig } from '../../src/config.ts';
import { DEFAULT_LEASE_MS, MAX_LEASE_MS, MIN_LEASE_MS } from '../../src/schemas/lease.ts';
import { type GivenTasks, loadGiven } from '../../src/tasks/given.ts';
import { loadTasks } from '../../src/tasks/load.ts';
import { checkOptions } from '../embedded/check-options.ts';
import type { ProgramWorker } from '../embedded/program-worker.ts';
import { importTraced } from '../run/attempt-trace.ts';
import { Api } from './api.ts';
import { HttpWorker } from './http-worker.ts';

export interface HttpWorkerOptions {
  /** The address of the API. Default: MILLRACE_URL of the environment, or http://127.0.0.1:3000. */
  readonly url?: string;
  /** A key with the scope `work`. Default: MILLRACE_KEY of the environment. */
  readonly key?: string;
  /** At most 16 names, the first one preferred. Default: `default`. */
  readonly queues?: readonly string[];
  /** By their names, a list of named definitions, or the path of a folder of task files. */
  readonly tasks: GivenTasks | string;
  /** Jobs that it runs at a time, at most 1,000. Default 10. */
  readonly concurrency?: number;
  /** A worker that is silent for this long, ms, loses its jobs to others. From 1 s to 10 min, default 30 s. */
  readonly leaseMs?: number;
  /** How people see the worker. Default: one of the process and the host. */
  readonly name?: string;
}

const DEFAULT_URL = 'http://127.0.0.1:3000';
const MAX_CONCURRENCY = 1_000;

/**
 * Runs tasks in this program, with jobs of an API: for machines that reach only HTTP. It starts at once. While the API is away it tries
 * again and again.
 *
 * @throws {ConfigError} for an address or a key that is not valid. {RangeError} for a wrong number. {TypeError} for other options
 * that are not valid. {TaskLoadError} with every fault of `tasks`.
 */
export function httpWorker(options: HttpWorkerOptions): ProgramWorker {
  checkOptions('httpWorker', options);
  const { tasks, queues = ['default'], concurrency = 10, leaseMs = DEFAULT_LEASE_MS } = options;
  checkRange('concurrency', concurrency, 1, MAX_CONCURRENCY);
  checkRange('leaseMs', leaseMs, MIN_LEASE_MS, MAX_LEASE_MS);
  const { url, key } = loadClientConfig(
    childEnv({
      ...(options.url !== undefined && { MILLRACE_URL: options.url }),
      ...(options.key !== undefined && { MILLRACE_KEY: options.key, MILLRACE_KEY_FILE: '' }),
    }),
  );
  const given = typeof tasks === 'string' ? undefined : loadGiven(tasks);
  return new HttpWorker(
    {
      api: new Api(url || DEFAULT_URL, key),
      queues,
      concurrency,
      leaseMs,
      name: options.name ?? `node-${process.pid}@${hostname()}`,
    },
    async () => given ?? importTraced(() => loadTasks(String(tasks))),
  );
}

function checkRange(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${name} is ${value}: must be an integer from ${min} to ${max}`);
}
