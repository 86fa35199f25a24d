import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { until } from '../redis/server.ts';

export interface Example {
  /** As the worker's name begins. */
  readonly language: string;
  readonly program: string;
  readonly file: string;
}

export const EXAMPLES: readonly Example[] = [
  { language: 'bash', program: 'bash', file: 'worker.sh' },
  { language: 'python', program: 'python3', file: 'worker.py' },
  { language: 'ruby', program: 'ruby', file: 'worker.rb' },
  { language: 'php', program: 'php', file: 'worker.php' },
  { language: 'perl', program: 'perl', file: 'worker.pl' },
];

export const exampleFile = ({ file }: Example): string =>
  fileURLToPath(new URL(`../../../examples/workers/${file}`, import.meta.url));

export interface ExampleWorker {
  readonly process: ChildProcess;
  /** As it says to the service. */
  readonly name: string;
  readonly stderr: string;
  /** Sends a signal and resolves to the exit code; rejects when it has not ended in time. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const running = new Set<ChildProcess>();

/** Starts an example as users do, and resolves when it runs. */
export async function startExample(
  example: Example,
  origin: string,
  env: { QUEUES: string; LEASE_MS: string; MILLRACE_KEY?: string },
): Promise<ExampleWorker> {
  const child = spawn(example.program, [exampleFile(example)], {
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', MILLRACE_URL: origin, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', ({ message }) => {
      reject(new Error(`${example.program} could not be started (${message}); npm test installs it.`));
    });
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return {
    process: child,
    name: `${example.language}-${child.pid}@${hostname()}`.slice(0, 64),
    get stderr() {
      return stderr;
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
      await until(hasEnded, `the end of ${example.file} after ${signal}`);
      return child.exitCode;
    },
  };
}

/** Kills what still runs; setup.ts does so after each file. */
export async function killExamples(): Promise<void> {
  const ends = [...running].map((child) => once(child, 'exit'));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(ends);
}
