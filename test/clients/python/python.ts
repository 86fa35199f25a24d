import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach } from 'vitest';
import { until } from '../../helpers/redis/server.ts';

export const CLIENT = fileURLToPath(new URL('../../../clients/python', import.meta.url));
export const SOURCE = join(CLIENT, 'src');

/** Python prints at once, and leaves nothing beside the sources. */
export const PYTHON_ENV = {
  PATH: process.env['PATH'],
  LANG: 'C.UTF-8',
  PYTHONUNBUFFERED: '1',
  PYTHONDONTWRITEBYTECODE: '1',
};

export interface Program {
  readonly process: ChildProcess;
  readonly stdout: string;
  readonly stderr: string;
  readonly hasEnded: boolean;
  /** Resolves once the output, or the error output, has the text. */
  says(text: string): Promise<void>;
  /** Resolves to the exit code once the program has ended; -1 stands for a signal. */
  ended(): Promise<number>;
  /** Sends a signal and resolves to the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

export interface Folder {
  readonly dir: string;
  write(name: string, text: string): void;
  /** Runs `python3` with these arguments in the folder. */
  start(args: readonly string[], env?: NodeJS.ProcessEnv): Program;
  /** Runs a script to its end and returns what it prints; rejects when it fails. */
  run(script: string, env?: NodeJS.ProcessEnv): Promise<string>;
  /** Starts a worker of `module:queue` and resolves when it takes jobs. */
  work(queue: string, ...args: readonly string[]): Promise<Program>;
}

function startProgram(dir: string, args: readonly string[], env: NodeJS.ProcessEnv): Program {
  const child = spawn('python3', args, {
    cwd: dir,
    env: { ...PYTHON_ENV, PYTHONPATH: SOURCE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk) => {
      output[name] += String(chunk);
    });
  }
  let hasClosed = false;
  child.once('close', () => {
    hasClosed = true;
  });
  const program: Program = {
    process: child,
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    get hasEnded() {
      return hasClosed;
    },
    async says(text) {
      const isSaid = () => output.stdout.includes(text) || output.stderr.includes(text);
      await until(
        () => isSaid() || hasClosed,
        () => `${text} in ${JSON.stringify(output)}`,
      );
      if (!isSaid()) throw new Error(`The program ended without ${text}: ${JSON.stringify(output)}`);
    },
    async ended() {
      await until(
        () => hasClosed,
        () => `the end of the program: ${JSON.stringify(output)}`,
      );
      return child.exitCode ?? -1;
    },
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return program.ended();
    },
  };
  return program;
}

/** A folder for programs in Python that use the client of this checkout; what still runs after a test is killed. */
export function usePython(origin: () => string): Folder {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-python-'));
  const running = new Set<Program>();
  afterEach(async () => {
    const left = [...running].filter(({ hasEnded }) => !hasEnded);
    for (const { process } of left) process.kill('SIGKILL');
    await Promise.all(left.map((program) => program.ended()));
    running.clear();
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const folder: Folder = {
    dir,
    write: (name, text) => writeFileSync(join(dir, name), text),
    start(args, env = {}) {
      const program = startProgram(dir, args, { MILLRACE_URL: origin(), ...env });
      running.add(program);
      return program;
    },
    async run(script, env) {
      const program = folder.start(['-c', script], env);
      const code = await program.ended();
      if (code !== 0) throw new Error(`The script ended with ${code}: ${program.stdout}${program.stderr}`);
      return program.stdout.trim();
    },
    async work(queue, ...args) {
      const program = folder.start(['-m', 'millrace', 'work', queue, ...args]);
      await program.says(' works on ');
      return program;
    },
  };
  return folder;
}
