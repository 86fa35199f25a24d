import { type ChildProcess, type Serializable, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { OrphanReaper } from '../orphan-reaper.ts';

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  /** Name for people, such as `API`. */
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv | undefined;
  /** Written to the child's standard input, which then ends. */
  input?: string;
  /** Called with each line of the child's output. */
  onLine?: ((line: string) => void) | undefined;
  /** Opens an IPC channel to the child, which must be a Node process. Called with each of its messages. */
  onMessage?: ((message: unknown) => void) | undefined;
  reaper: OrphanReaper;
}

/** A process that this process has started. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has ended, for any reason; never rejects. */
  readonly exited: Promise<Exit>;
  readonly running: boolean;
  /** The last lines of its output. */
  lastLines(): string[];
  signal(signal: NodeJS.Signals): void;
  /** @throws {Error} when there is no IPC channel, or the process has ended. */
  send(message: Serializable): void;
  /** Sends SIGTERM, and SIGKILL if the process has not ended after `graceMs`. */
  stop(graceMs: number): Promise<Exit>;
}

const MAX_LINES = 20;

/** @throws {Error} with the code `ENOENT` when the command does not exist. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const process = spawn(options.command, options.args, {
    env: options.env,
    stdio: ['pipe', 'pipe', 'pipe', ...(options.onMessage === undefined ? [] : ['ipc' as const])],
    // A session of its own: Ctrl-C reaches only this process, which stops its children in order.
    detached: true,
  });
  const exited = new Promise<Exit>((resolve) => {
    process.once('exit', (code, signal) => resolve({ code, signal }));
  });
  await new Promise<void>((resolve, reject) => {
    process.once('spawn', resolve);
    process.once('error', reject);
  });
  process.on('error', (error) => options.onLine?.(`${options.name}: ${error.message}`));
  process.stdin?.on('error', (error) => options.onLine?.(`${options.name}: ${error.message}`));
  process.stdin?.end(options.input ?? '');
  if (options.onMessage !== undefined) process.on('message', options.onMessage);
  return toChild(process, exited, options);
}

function toChild(process: ChildProcess, exited: Promise<Exit>, options: ChildOptions): Child {
  const { pid } = process;
  if (pid === undefined) throw new Error(`${options.name} has no process id.`);
  options.reaper.watch(pid);
  const lines: string[] = [];
  const onLine = (line: string) => {
    lines.push(line);
    if (lines.length > MAX_LINES) lines.shift();
    options.onLine?.(line);
  };
  const drained = Promise.all([readLines(process.stdout, onLine), readLines(process.stderr, onLine)]);
  let running = true;
  const ended = exited.then((exit) => {
    running = false;
    options.reaper.unwatch(pid);
    return withDeadline(drained, 1_000).then(() => exit);
  });
  return {
    name: options.name,
    pid,
    exited: ended,
    get running() {
      return running;
    },
    lastLines: () => [...lines],
    signal: (signal) => {
      if (running) process.kill(signal);
    },
    send: (message) => {
      if (!process.connected) throw new Error(`${options.name} has no IPC channel, or has ended.`);
      process.send(message);
    },
    async stop(graceMs) {
      const timer = setTimeout(() => process.kill('SIGKILL'), graceMs);
      if (running) process.kill('SIGTERM');
      return ended.finally(() => clearTimeout(timer));
    },
  };
}

function readLines(stream: Readable | null, onLine: (line: string) => void): Promise<void> {
  if (stream === null) return Promise.resolve();
  const reader = createInterface({ input: stream });
  reader.on('line', onLine);
  return new Promise((resolve) => reader.once('close', () => resolve()));
}

/** A grandchild that outlives the child may hold the output open: wait only so long. */
function withDeadline(promise: Promise<unknown>, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, deadlineMs);
    promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** How the process ended: `exit code 1` or `SIGKILL`. */
export const describeExit = ({ code, signal }: Exit): string => signal ?? `exit code ${code}`;
