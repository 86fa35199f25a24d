import { type ChildProcess, type Serializable, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { OrphanReaper } from '../orphan-reaper.ts';

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  /** How people know it, such as `API`. */
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv | undefined;
  /** Given to the child's standard input, which then ends. */
  input?: string;
  /** Called with every line that the child writes. */
  onLine?: ((line: string) => void) | undefined;
  /** Opens a channel to the child, which must be Node's, too; called with every message that it sends. */
  onMessage?: ((message: unknown) => void) | undefined;
  leash: OrphanReaper;
}

/** A process that this one has started. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Settles when it has ended, for whatever reason; never rejects. */
  readonly exited: Promise<Exit>;
  readonly running: boolean;
  /** The last lines that it wrote. */
  lastLines(): string[];
  signal(signal: NodeJS.Signals): void;
  /** @throws {Error} when there is no channel, or it has ended. */
  send(message: Serializable): void;
  /** SIGTERM, and SIGKILL if it has not ended after `graceMs`. */
  stop(graceMs: number): Promise<Exit>;
}

const KEPT_LINES = 20;

/** @throws {Error} with the code `ENOENT` when there is no such command. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const process = spawn(options.command, options.args, {
    env: options.env,
    stdio: ['pipe', 'pipe', 'pipe', ...(options.onMessage === undefined ? [] : ['ipc' as const])],
    // A session of its own: Ctrl-C reaches only the launcher, which stops its children in order.
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
  return watched(process, exited, options);
}

function watched(process: ChildProcess, exited: Promise<Exit>, options: ChildOptions): Child {
  const { pid } = process;
  if (pid === undefined) throw new Error(`${options.name} has no process id.`);
  options.leash.hold(pid);
  const lines: string[] = [];
  const keep = (line: string) => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    options.onLine?.(line);
  };
  const drained = Promise.all([readLines(process.stdout, keep), readLines(process.stderr, keep)]);
  let running = true;
  const ended = exited.then((exit) => {
    running = false;
    options.leash.release(pid);
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
      if (!process.connected) throw new Error(`${options.name} has no channel, or has ended.`);
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

/** The output may be held open by a grandchild that outlives the child; nobody waits for that. */
function withDeadline(promise: Promise<unknown>, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, deadlineMs);
    promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Why it ended, in words: `exit code 1` or `SIGKILL`. */
export const describeExit = ({ code, signal }: Exit): string => signal ?? `exit code ${code}`;
