import { fileURLToPath } from 'node:url';
import { type Child, describeExit, startChild } from '../../../src/local/child-process.ts';
import { untilApiReady } from '../../../src/local/ready.ts';
import { freePort } from '../../../src/local/redis-settings.ts';
import type { OrphanReaper } from '../../../src/orphan-reaper.ts';
import { PATIENCE_MS } from '../patience.ts';

const STOP_MS = 10_000;

/** A part of Millrace as users start it. */
export interface BuiltProcess {
  readonly child: Child;
  stop(): Promise<void>;
}

export interface ApiProcess extends BuiltProcess {
  readonly origin: string;
  readonly port: number;
  /** Waits until the API says that its Redis answers. */
  untilReady(): Promise<void>;
}

/** Starts the built API, on a free port unless one is given, and waits until it is ready. The caller stops it. */
export async function startApiProcess(
  redisUrl: string,
  reaper: OrphanReaper,
  env: NodeJS.ProcessEnv = {},
  givenPort?: number,
): Promise<ApiProcess> {
  const port = givenPort ?? (await freePort());
  const origin = `http://127.0.0.1:${port}`;
  const settings = { ...env, REDIS_URL: redisUrl, PORT: String(port) };
  const child = await start('The API', 'src/server.js', settings, reaper);
  const untilReady = () => untilApiReady(origin, AbortSignal.timeout(PATIENCE_MS));
  await orStop(child, untilReady());
  return { child, origin, port, untilReady, stop: () => stop(child) };
}

/** Starts the built worker, and waits until `ready` says that it is. The caller stops it. */
export async function startWorkerProcess(
  env: NodeJS.ProcessEnv,
  reaper: OrphanReaper,
  ready: (limit: AbortSignal) => Promise<void>,
): Promise<BuiltProcess> {
  const child = await start('The worker', 'workers/main.js', env, reaper);
  await orStop(child, ready(AbortSignal.timeout(PATIENCE_MS)));
  return { child, stop: () => stop(child) };
}

function start(name: string, file: string, env: NodeJS.ProcessEnv, reaper: OrphanReaper): Promise<Child> {
  return startChild({
    name,
    command: process.execPath,
    args: [fileURLToPath(new URL(`../../../dist/${file}`, import.meta.url))],
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'fatal', ...env },
    reaper,
  });
}

async function orStop(child: Child, ready: Promise<void>): Promise<void> {
  try {
    await Promise.race([ready, endedEarly(child)]);
  } catch (error) {
    await child.stop(STOP_MS);
    throw error;
  }
}

async function endedEarly(child: Child): Promise<never> {
  const exit = describeExit(await child.exited);
  throw new Error(
    `${child.name} ended with ${exit} before it was ready. It said last:\n${child.lastLines().join('\n')}`,
  );
}

async function stop(child: Child): Promise<void> {
  await child.stop(STOP_MS);
}
