import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Config, loadConfig } from '../config.ts';
import { isPattern } from '../schemas/values/queue-patterns.ts';
import type { Interrupt } from './interrupt.ts';
import { untilApiReady, untilPortFree, untilWorkerReady } from './ready.ts';
import { startRedis } from './redis-server.ts';
import { freePort } from './redis-settings.ts';
import { Run } from './run.ts';
import { reachable } from './running-stack.ts';
import { takeLock } from './start-lock.ts';

export interface StackOptions {
  /**
   * Settings of all parts. With REDIS_URL no Redis is started; PORT=0 means any free port. With AUTH=keys the key of
   * MILLRACE_KEY is sent, or that of ADMIN_KEY.
   */
  env: NodeJS.ProcessEnv;
  /** Folder for the lock, and for Redis's data in `redis`. */
  dir: string;
  interrupt: Interrupt;
  /** Prints a line about a step that takes a while. */
  print: (line: string) => void;
  /** Receives each log line of a part. */
  onLine?: (part: string, line: string) => void;
}

export interface Stack {
  readonly url: string;
  readonly apiPid: number;
}

/** Longer than the parts of a killed run take to end. */
const TAKEOVER_MS = 100_000;
/** Added to the grace of running jobs. */
const STOP_EXTRA_MS = 10_000;
/** A request fails a moment before the exit of the API is reported, which is the better reason. */
const EXIT_REPORT_MS = 250;

/**
 * Starts Redis, the API and a worker, calls `use`, and stops them when it has returned or thrown.
 *
 * @throws {Interrupted} on Ctrl-C; any other error when a part could not start, or has died.
 */
export async function withStack<T>(options: StackOptions, use: (stack: Stack) => Promise<T>): Promise<T> {
  const config = loadConfig(options.env, 'api');
  const port = config.port === 0 ? await freePort(config.host) : config.port;
  const scheme = config.tlsCertFile === '' ? 'http' : 'https';
  const url = `${scheme}://${reachable(config.host)}:${port}`;
  const lock = await takeLock(join(options.dir, 'lock'), url);
  if (lock.recovered) options.print('The last run was killed; waiting until its processes have ended ...');
  const run = new Run(options.interrupt);
  try {
    const stack = await startParts(run, options, {
      config,
      port,
      url,
      patienceMs: lock.recovered ? TAKEOVER_MS : 0,
    });
    return await run.orBroken(use(stack));
  } catch (error) {
    await run.orBroken(sleep(EXIT_REPORT_MS));
    throw error;
  } finally {
    if (run.signal.aborted)
      options.print('Stopping after running jobs have finished (Ctrl-C again: now) ...');
    await run.stop(config.shutdownGraceMs + STOP_EXTRA_MS);
    await lock.release();
  }
}

interface BootOptions {
  config: Config;
  port: number;
  url: string;
  patienceMs: number;
}

/** Every wait here ends soon after the run's signal, so that nothing starts while the run stops. */
async function startParts(run: Run, options: StackOptions, boot: BootOptions): Promise<Stack> {
  const { config, port, url, patienceMs } = boot;
  const { signal } = run;
  await untilPortFree(config.host, port, patienceMs, signal);
  const hasRedis = options.env['REDIS_URL'] || options.env['REDIS_URL_FILE'];
  const redisUrl = hasRedis ? config.redisUrl : await startOwnRedis(run, options.dir, patienceMs);
  const start = (name: string, file: string) =>
    run.start({
      name: `The ${name}`,
      command: process.execPath,
      args: [fileURLToPath(new URL(file, import.meta.url))],
      env: { ...options.env, PORT: String(port), REDIS_URL: redisUrl, REDIS_URL_FILE: '' },
      onLine: (line) => options.onLine?.(name, line),
    });
  const api = await start('API', '../server.js');
  await start('worker', '../../workers/main.js');
  await untilApiReady(url, signal);
  const named = config.queues.filter((queue) => !isPattern(queue));
  const key = options.env['MILLRACE_KEY'] || config.adminKey;
  await untilWorkerReady(url, named, signal, key);
  return { url, apiPid: api.pid };
}

async function startOwnRedis(run: Run, dir: string, patienceMs: number): Promise<string> {
  const { reaper, signal } = run;
  const redis = await startRedis({ dir: join(dir, 'redis'), reaper, patienceMs, signal });
  run.keepStore(redis);
  return redis.url;
}
