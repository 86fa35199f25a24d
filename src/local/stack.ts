import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Config, loadConfig } from '../config.ts';
import type { Interrupt } from './interrupt.ts';
import { untilApiReady, untilPortFree, untilWorkerReady } from './ready.ts';
import { startRedis } from './redis-server.ts';
import { freePort } from './redis-settings.ts';
import { Run } from './run.ts';
import { takeLock } from './start-lock.ts';

export interface StackOptions {
  /** The settings of all parts. With REDIS_URL that Redis is used and none started; PORT=0: any free port. */
  env: NodeJS.ProcessEnv;
  /** Holds the lock, and Redis's data in `redis`. */
  dir: string;
  interrupt: Interrupt;
  /** Told what takes a while. */
  say: (line: string) => void;
  /** Given each line of log of a part. */
  onLine?: (part: string, line: string) => void;
}

export interface Stack {
  readonly url: string;
  readonly apiPid: number;
}

/** Longer than what a killed run left may take to end. */
const TAKEOVER_MS = 100_000;
/** Beyond the grace that the settings give to running jobs. */
const STOP_EXTRA_MS = 10_000;
/** A request fails a moment before the system tells that the API has died, which is the better reason. */
const OBITUARY_MS = 250;

/**
 * Starts Redis, the API and a worker, hands them to `use`, and stops them when it returns, however it ends.
 *
 * @throws {Interrupted} on Ctrl-C; any other error when a part could not start, or died.
 */
export async function withStack<T>(options: StackOptions, use: (stack: Stack) => Promise<T>): Promise<T> {
  const config = loadConfig(options.env);
  const port = config.port === 0 ? await freePort(config.host) : config.port;
  const url = `http://${reachable(config.host)}:${port}`;
  const lock = await takeLock(join(options.dir, 'lock'), url);
  if (lock.recovered) options.say('The last run was killed; waiting for what it left to end ...');
  const run = new Run(options.interrupt);
  try {
    const stack = await boot(run, options, {
      config,
      port,
      url,
      patienceMs: lock.recovered ? TAKEOVER_MS : 0,
    });
    return await run.orBroken(use(stack));
  } catch (error) {
    await run.orBroken(sleep(OBITUARY_MS));
    throw error;
  } finally {
    if (run.signal.aborted) options.say('Stopping; running jobs may finish first (Ctrl-C again: now) ...');
    await run.stop(config.shutdownGraceMs + STOP_EXTRA_MS);
    await lock.release();
  }
}

/** An address that means "all interfaces" is none to connect to. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

interface Plan {
  config: Config;
  port: number;
  url: string;
  patienceMs: number;
}

/** Every wait in here ends soon after the run's signal, so that nothing starts while the run stops. */
async function boot(run: Run, options: StackOptions, plan: Plan): Promise<Stack> {
  const { config, port, url, patienceMs } = plan;
  const { signal } = run;
  await untilPortFree(config.host, port, patienceMs, signal);
  const redisUrl = options.env['REDIS_URL'] || (await bootRedis(run, options.dir, patienceMs));
  const start = (name: string, file: string) =>
    run.start({
      name: `The ${name}`,
      command: process.execPath,
      args: [fileURLToPath(new URL(file, import.meta.url))],
      env: { ...options.env, PORT: String(port), REDIS_URL: redisUrl },
      onLine: (line) => options.onLine?.(name, line),
    });
  const api = await start('API', '../server.js');
  await start('worker', '../../workers/main.js');
  await untilApiReady(url, signal);
  await untilWorkerReady(url, config.queues, signal);
  return { url, apiPid: api.pid };
}

async function bootRedis(run: Run, dir: string, patienceMs: number): Promise<string> {
  const { leash, signal } = run;
  const redis = await startRedis({ dir: join(dir, 'redis'), leash, patienceMs, signal });
  run.keepStore(redis);
  return redis.url;
}
