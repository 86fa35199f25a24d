import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../../src/embedded/child.ts';
import { untilApiReady, untilWorkerReady } from '../../src/embedded/ready.ts';
import { freePort } from '../../src/embedded/redis-settings.ts';
import type { Leash } from '../../src/leash.ts';

const STOP_MS = 10_000;
const READY_MS = 30_000;

export interface ApiProcess {
  readonly origin: string;
  /** Waits until the API says that its Redis answers. */
  untilReady(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the built API as users do, on a free port, and waits until it is ready. The caller stops it. */
export async function startApiProcess(redisUrl: string, leash: Leash): Promise<ApiProcess> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const child = await start('The API', 'src/server.js', { REDIS_URL: redisUrl, PORT: String(port) }, leash);
  const untilReady = () => untilApiReady(origin, AbortSignal.timeout(READY_MS));
  await orStop(child, untilReady());
  return { origin, untilReady, stop: () => stop(child) };
}

/** Starts the built worker on the default queue, and waits until `api` sees it. The caller stops it. */
export async function startWorkerProcess(
  api: ApiProcess,
  env: NodeJS.ProcessEnv,
  leash: Leash,
): Promise<{ stop(): Promise<void> }> {
  const child = await start('The worker', 'workers/main.js', env, leash);
  await orStop(child, untilWorkerReady(api.origin, ['default'], AbortSignal.timeout(READY_MS)));
  return { stop: () => stop(child) };
}

function start(name: string, file: string, env: NodeJS.ProcessEnv, leash: Leash): Promise<Child> {
  return startChild({
    name,
    command: process.execPath,
    args: [fileURLToPath(new URL(`../../dist/${file}`, import.meta.url))],
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'fatal', ...env },
    leash,
  });
}

async function orStop(child: Child, ready: Promise<void>): Promise<void> {
  try {
    await ready;
  } catch (error) {
    await child.stop(STOP_MS);
    throw error;
  }
}

async function stop(child: Child): Promise<void> {
  await child.stop(STOP_MS);
}
