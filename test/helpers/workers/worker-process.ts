import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import type { TestRedis } from '../redis/server.ts';

const MAIN = fileURLToPath(new URL('../../../dist/workers/main.js', import.meta.url));

/** Task modules for tests; each says at its head what it does. */
export const TEST_TASKS = fileURLToPath(new URL('../tasks', import.meta.url));

/** A line of the worker's log. */
export interface LogLine {
  msg: string;
  [field: string]: unknown;
}

export interface TestWorker {
  readonly process: ChildProcess;
  readonly lines: readonly LogLine[];
  /** The first line, past or to come, that fits. */
  line(msg: string, fits?: (line: LogLine) => boolean): Promise<LogLine>;
  /** Sends a signal and resolves to the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  readonly stderr: string;
}

/** Whether a process with this pid is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const running = new Set<TestWorker>();

/** Spawns a worker as users do; what is still running after a test is killed. */
export function spawnWorker(redisUrl: string, env: NodeJS.ProcessEnv = {}): TestWorker {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env['PATH'],
      REDIS_URL: redisUrl,
      TASKS_DIR: TEST_TASKS,
      PROCESSES: '1',
      LOG_LEVEL: 'debug',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: LogLine[] = [];
  const watchers = new Set<(line: LogLine) => void>();
  let stderr = '';
  const exited = once(child, 'exit') as Promise<[number | null]>;
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as LogLine;
    lines.push(line);
    for (const watch of watchers) watch(line);
  });
  const worker: TestWorker = {
    process: child,
    lines,
    get stderr() {
      return stderr;
    },
    line(msg, fits = () => true) {
      const isIt = (line: LogLine) => line.msg === msg && fits(line);
      const seen = lines.find(isIt);
      if (seen !== undefined) return Promise.resolve(seen);
      return new Promise((resolve, reject) => {
        const watch = (line: LogLine) => {
          if (!isIt(line)) return;
          watchers.delete(watch);
          resolve(line);
        };
        watchers.add(watch);
        void exited.then(() => reject(new Error(`the worker ended without "${msg}"\n${stderr}`)));
      });
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const [code] = await exited;
      running.delete(worker);
      return code;
    },
  };
  running.add(worker);
  void exited.then(() => running.delete(worker));
  return worker;
}

/** Starts a worker and waits until it takes jobs. */
export async function startWorker(redisUrl: string, env: NodeJS.ProcessEnv = {}): Promise<TestWorker> {
  const worker = spawnWorker(redisUrl, env);
  await worker.line('ready');
  return worker;
}

/** One worker for all tests of a file. It must end well: exit code 0, nothing on standard error. */
export function useWorker(
  redis: Pick<TestRedis, 'url'>,
  env: NodeJS.ProcessEnv = {},
): { readonly worker: TestWorker } {
  let worker: TestWorker;
  beforeAll(async () => {
    worker = await startWorker(redis.url, env);
    running.delete(worker);
  });
  afterAll(async () => {
    const code = await worker.stop();
    if (code !== 0 || worker.stderr !== '') throw new Error(`the worker exited ${code}: ${worker.stderr}`);
  });
  return {
    get worker() {
      return worker;
    },
  };
}

/** Kills what still runs; setup.ts does so after each test. */
export async function killWorkers(): Promise<void> {
  await Promise.all([...running].map((worker) => worker.stop('SIGKILL')));
}
