import { fileURLToPath } from 'node:url';
import { startChild } from '../../src/embedded/child.ts';
import type { Leash } from '../../src/embedded/leash.ts';
import { untilApiReady } from '../../src/embedded/ready.ts';
import { freePort } from '../../src/embedded/redis-settings.ts';

const SERVER = fileURLToPath(new URL('../../dist/src/server.js', import.meta.url));
const STOP_MS = 10_000;

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
  const child = await startChild({
    name: 'The API',
    command: process.execPath,
    args: [SERVER],
    env: { PATH: process.env['PATH'], REDIS_URL: redisUrl, PORT: String(port), LOG_LEVEL: 'fatal' },
    leash,
  });
  const untilReady = () => untilApiReady(origin, AbortSignal.timeout(30_000));
  try {
    await untilReady();
  } catch (error) {
    await child.stop(STOP_MS);
    throw error;
  }
  return {
    origin,
    untilReady,
    stop: async () => {
      await child.stop(STOP_MS);
    },
  };
}
