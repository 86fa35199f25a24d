import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, describeExit, type Exit, startChild } from '../../../src/local/child-process.ts';
import type { OrphanReaper } from '../../../src/orphan-reaper.ts';
import { deliver } from './deliver.ts';

/** A line of log, or what else a process wrote (then `msg` is the text and there is no level). */
export interface LogLine {
  part: string;
  msg: string;
  level?: number;
  [field: string]: unknown;
}

export interface ProcessOptions {
  name: string;
  script: string;
  env: NodeJS.ProcessEnv;
  reaper: OrphanReaper;
  onLine: (line: LogLine) => void;
}

/** How a process has ended. */
export interface ProcessExit extends Exit {
  pid: number;
  /** Unix ms. */
  at: number;
  /** The last lines that it wrote. */
  said: readonly string[];
}

/** So that a process which cannot start does not keep the machine busy. */
const RESPAWN_PAUSE_MS = 20;

/** A process that is started again at once whenever it ends, until `stop`. */
export class ClusterProcess {
  readonly name: string;
  readonly exits: ProcessExit[] = [];
  readonly #options: ProcessOptions;
  /** Processes that it made, such as those of a worker. */
  readonly #children = new Set<number>();
  readonly #everMade = new Set<number>();
  #child: Child | undefined;
  #wanted = true;
  #ready = false;
  #run: Promise<void> | undefined;

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Process id of the part itself; undefined for a moment after its end. */
  get pid(): number | undefined {
    return this.#child?.running ? this.#child.pid : undefined;
  }

  get children(): number[] {
    return [...this.#children];
  }

  /** Processes that it ever made and that still run. */
  get survivors(): number[] {
    return [...this.#everMade].filter((pid) => deliver(pid, 0));
  }

  start(): void {
    this.#run ??= this.#keepAlive();
  }

  /** Whether it runs and has said that it does its work. */
  get ready(): boolean {
    return this.#ready && this.pid !== undefined;
  }

  /** @throws {Error} when it has ended by itself: what waits for its first start waits in vain. */
  assertNeverEnded(): void {
    const [exit] = this.exits;
    if (exit === undefined) return;
    throw new Error(`${this.name} ended with ${describeExit(exit)}. It said last:\n${exit.said.join('\n')}`);
  }

  /** Resolves when the process that runs now has ended. */
  async ended(): Promise<Exit | undefined> {
    return this.#child?.exited;
  }

  /** Signals the part's own process, one of its children, or all of them. */
  signal(signal: NodeJS.Signals, whom: 'self' | 'tree' | number = 'self'): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    // Its end is seen only when its output is closed, which its children may hold open for a while.
    if (whom === 'self' || whom === 'tree') this.#ready &&= signal !== 'SIGKILL' && signal !== 'SIGTERM';
    deliver(whom === 'tree' ? -pid : whom === 'self' ? pid : whom, signal);
  }

  /** Ends it in order, by force after the grace, and for good. */
  async stop(graceMs: number): Promise<void> {
    this.#wanted = false;
    this.signal('SIGCONT', 'tree');
    await this.#child?.stop(graceMs);
    // What was left of the tree, if the part was killed before its children noticed.
    this.signal('SIGKILL', 'tree');
    await this.#run;
  }

  async #keepAlive(): Promise<void> {
    const { name, script, env, reaper } = this.#options;
    while (this.#wanted) {
      this.#children.clear();
      const child = await startChild({
        name,
        command: process.execPath,
        args: [script],
        env,
        reaper,
        onLine: (text) => this.#hear(parseLine(name, text)),
      });
      this.#child = child;
      this.#ready = false;
      if (!this.#wanted) child.signal('SIGTERM');
      const exit = await child.exited;
      this.exits.push({ ...exit, pid: child.pid, at: Date.now(), said: child.lastLines() });
      if (this.#wanted) await sleep(RESPAWN_PAUSE_MS);
    }
  }

  #hear(line: LogLine): void {
    const pid = Number(line['pid']);
    if (line.msg === 'child-started') {
      this.#children.add(pid);
      this.#everMade.add(pid);
    }
    if (line.msg === 'ready') this.#ready = true;
    if (line.msg === 'child-lost') this.#children.delete(pid);
    this.#options.onLine(line);
  }
}

function parseLine(part: string, text: string): LogLine {
  try {
    return { ...(JSON.parse(text) as LogLine), part };
  } catch {
    // Not ours, or cut short by a kill.
    return { part, msg: text };
  }
}
