import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { childEnv } from '../config.ts';
import { createApi, DemoError } from './api-client.ts';
import { SCENES, type Stage } from './demo-scenes.ts';
import { listenForInterrupt } from './interrupt.ts';
import { Interrupted } from './run.ts';
import { type Stack, withStack } from './stack.ts';

/**
 * The demo has keys and an address of its own, and defaults for the rest (an empty variable counts as unset). From the
 * environment it takes only REDIS_URL, PROCESSES and CONCURRENCY.
 */
const SETTINGS = {
  PREFIX: 'millrace-demo',
  AUTH: 'off',
  HOST: '',
  TLS_CERT_FILE: '',
  TLS_KEY_FILE: '',
  PORT: '0',
  QUEUES: '',
  TASKS_DIR: '',
  UNKNOWN_TASKS: '',
  LOG_LEVEL: 'warn',
};

/** `npm run demo`: real jobs over HTTP on a stack of its own, every outcome checked. Returns the exit code. */
export async function main(): Promise<number> {
  const interrupt = listenForInterrupt();
  const dir = await mkdtemp(join(tmpdir(), 'millrace-'));
  const started = systemClock.monotonic();
  try {
    console.log('Starting Redis, the API and a worker ...');
    const options = {
      env: childEnv(SETTINGS),
      dir,
      interrupt,
      print: (line: string) => console.log(line),
    };
    await withStack(options, (stack) => playScenes(stack, started));
    console.log(`\nThe demo took ${elapsed(started)} s; everything worked. Next: npm start`);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) {
      console.error('The demo was interrupted.');
      return 130;
    }
    console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`);
    return 1;
  } finally {
    await rm(dir, { recursive: true, force: true });
    interrupt.dispose();
  }
}

const elapsed = (since: number): string => ((systemClock.monotonic() - since) / 1_000).toFixed(1);

async function playScenes({ url, apiPid }: Stack, started: number): Promise<void> {
  console.log(`Ready after ${elapsed(started)} s: ${url}`);
  const stage: Stage = {
    api: createApi(url),
    apiPid,
    print: (line) => console.log(`   ${line}`),
    check: (condition, otherwise) => {
      if (!condition) throw new DemoError(otherwise);
    },
  };
  for (const [index, scene] of SCENES.entries()) {
    console.log(`\n${index + 1}. ${scene.title}`);
    await scene.play(stage).catch((error: unknown) => {
      throw new DemoError(`"${scene.title}": ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    });
  }
}
