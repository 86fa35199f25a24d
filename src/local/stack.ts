import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Config, loadConfig } from '../config.ts';
import { isPattern } from '../schemas/values/queue-patterns.ts';
import type { Child } from './child-process.ts';
import { untilRedisAnswers } from './given-redis.ts';
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
  /** Settings of the worker alone, asked for at each of its starts. */
  workerEnv?: () => NodeJS.ProcessEnv;
  /** Awaited before each start of the worker. `redis`: REDIS_URL and REDIS_URL_FILE of the parts. */
  beforeWorker?: (redis: NodeJS.ProcessEnv) => Promise<void>;
  /** Told when the worker ends by itself. Without it that ends the stack. */
  onWorkerDeath?: (death: Error) => void;
}

export interface Stack {
  readonly url: string;
  /** Of the Redis that was started here; undefined with REDIS_URL. */
  readonly ownRedisUrl: string | undefined;
  readonly apiPid: number;
  /** Starts another worker; the one before finishes its running jobs. Resolves when the new one takes jobs, or has ended. */
  restartWorker(): Promise<void>;
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
  if (hasRedis) await untilRedisAnswers(config);
  const redisUrl = hasRedis ? config.redisUrl : await startOwnRedis(run, options.dir, patienceMs);
  const redisEnv = { REDIS_URL: redisUrl, REDIS_URL_FILE: '' };
  const start = (name: string, file: string, env: NodeJS.ProcessEnv = {}, onDeath?: (death: Error) => void) =>
    run.start(
      {
        name: `The ${name}`,
        command: process.execPath,
        args: [fileURLToPath(new URL(file, import.meta.url))],
        env: { ...options.env, ...env, PORT: String(port), ...redisEnv },
        onLine: (line) => options.onLine?.(name, line),
      },
      onDeath,
    );
  const startWorker = async () => {
    await options.beforeWorker?.(redisEnv);
    return start('worker', '../../workers/main.js', options.workerEnv?.(), options.onWorkerDeath);
  };
  const api = await start('API', '../server.js');
  let worker = await startWorker();
  await untilApiReady(url, signal);
  const key = options.env['MILLRACE_KEY'] || config.adminKey;
  const untilServed = () => untilServes(worker, { url, queues: config.queues, key, signal });
  await untilServed();
  return {
    url,
    ownRedisUrl: hasRedis ? undefined : redisUrl,
    apiPid: api.pid,
    async restartWorker() {
      void run.end(worker, config.shutdownGraceMs + STOP_EXTRA_MS);
      worker = await startWorker();
      await untilServed();
    },
  };
}

interface Serving {
  url: string;
  queues: readonly string[];
  key: string;
  signal: AbortSignal;
}

/** Resolves when the worker takes jobs of all queues that are named, or has ended. */
async function untilServes(worker: Child, { url, queues, key, signal }: Serving): Promise<void> {
  const ended = new AbortController();
  void worker.exited.then(() => ended.abort());
  const named = queues.filter((queue) => !isPattern(queue));
  try {
    await untilWorkerReady(url, named, AbortSignal.any([signal, ended.signal]), key);
  } catch (error) {
    signal.throwIfAborted();
    if (!ended.signal.aborted) throw error;
  }
}

async function startOwnRedis(run: Run, dir: string, patienceMs: number): Promise<string> {
  const { reaper, signal } = run;
  const redis = await startRedis({ dir: join(dir, 'redis'), reaper, patienceMs, signal });
  run.keepStore(redis);
  return redis.url;
}
