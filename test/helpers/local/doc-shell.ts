import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '../../../src/local/redis-settings.ts';
import { until } from '../redis/server.ts';
import { outputOf } from './output-of.ts';

const DEFAULT_SERVICE = 'npm start';

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
}

/** Ctrl-C: the terminal signals everything that it started. */
export async function interrupt({ child }: Started): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  process.kill(-(child.pid ?? Number.NaN), 'SIGINT');
  await closed;
}

/** The terminals of somebody who follows a page: one for the service, one for commands, which share variables. */
export class DocShell {
  readonly #dir: string;
  #port = 0;
  #service: (Started & { readonly command: string }) | undefined;
  #workers: Started[] = [];

  /** @param dir a copy of the project. */
  constructor(dir: string) {
    this.#dir = dir;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Runs a command to its end. @throws {Error} with all of its output when its exit code is not 0. */
  async run(command: string): Promise<string> {
    const started = this.#start(command);
    const [code] = (await once(started.child, 'close')) as [number];
    if (code !== 0) throw new Error(`${command}\nended with exit code ${code}:\n${started.output()}`);
    return started.output();
  }

  /** Runs a request; an answer that is an error is one here, too. */
  request(command: string): Promise<string> {
    return this.run(command.replaceAll(/\bcurl -/g, 'curl --fail-with-body -'));
  }

  /** Starts a command, and interrupts it when it has printed what is expected. */
  async stream(command: string, expected: RegExp): Promise<string> {
    const started = this.#start(command);
    await printed(started, expected, command);
    await interrupt(started);
    return started.output();
  }

  /** Starts a worker and resolves when it takes jobs. */
  async work(command: string): Promise<void> {
    const worker = this.#start(command);
    this.#workers.push(worker);
    if (command.includes(' -m millrace work ')) return printed(worker, / works on /, command);
    const [, queue = ''] = /QUEUES=(\S+)/.exec(command) ?? [];
    await until(
      () => this.#hasHttpWorker(queue),
      () => `a worker of ${queue} by ${command}:\n${worker.output()}`,
    );
  }

  async #hasHttpWorker(queue: string): Promise<boolean> {
    const answer = await fetch(`${this.origin}/workers?queue=${queue}`);
    const { items } = (await answer.json()) as { items: readonly { kind: string }[] };
    return items.some(({ kind }) => kind === 'http');
  }

  /** Ends the workers of a page. */
  async endWorkers(): Promise<void> {
    await Promise.all(this.#workers.map(interrupt));
    this.#workers = [];
  }

  /** Starts the service and resolves to its output when it says that it is ready. Stops one that was started before. */
  async serve(command: string): Promise<string> {
    await this.stop();
    this.#port = await freePort();
    this.#service = { ...this.#start(command), command };
    await printed(this.#service, /Millrace is ready.*Ctrl-C/s, command);
    return this.#service.output();
  }

  /** Starts the service for a page that does not say how, unless it runs already. */
  async ensureService(): Promise<void> {
    if (this.#service?.command !== DEFAULT_SERVICE) await this.serve(DEFAULT_SERVICE);
  }

  async stop(): Promise<void> {
    await this.endWorkers();
    if (this.#service !== undefined) await interrupt(this.#service);
    this.#service = undefined;
  }

  #start(command: string): Started {
    const here = command.replaceAll('127.0.0.1:3000', `127.0.0.1:${this.#port}`);
    // Each command has a shell of its own; variables that it sets are handed on in a file.
    const variables = join(this.#dir, '.variables');
    const script = `. "$VARIABLES" 2>/dev/null\n${here}\nstatus=$?\ndeclare -p lease job last >"$VARIABLES" 2>/dev/null\nexit $status`;
    // Vitest's own settings are no business of what a reader runs.
    const own = Object.entries(process.env).filter(
      ([name]) => !/^(VITEST|NODE_ENV|TEST|REDIS_URL)/.test(name),
    );
    const child = spawn('bash', ['-c', script], {
      cwd: this.#dir,
      detached: true,
      env: {
        ...Object.fromEntries(own),
        PORT: String(this.#port),
        PROCESSES: '1',
        VARIABLES: variables,
        MILLRACE_URL: this.origin,
        // The Python client, as if it were installed.
        PYTHONPATH: join(this.#dir, 'clients/python/src'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { child, output: outputOf(child) };
  }
}

/** Resolves when the output matches; rejects when the command ends before. */
function printed({ child, output }: Started, expected: RegExp, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (expected.test(output())) resolve();
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('close', () => reject(new Error(`${command} ended:\n${output()}`)));
    look();
  });
}
