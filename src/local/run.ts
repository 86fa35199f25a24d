import { createOrphanReaper } from '../orphan-reaper.ts';
import { type Child, type ChildOptions, describeExit, type Exit, startChild } from './child-process.ts';
import type { Interrupt } from './interrupt.ts';

/** The reason of a run that Ctrl-C has ended, which is not a fault. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** After the second Ctrl-C a part has this long to release its jobs. */
const HURRY_MS = 3_000;

/** The processes of one run of the stack, and the order in which they stop. */
export class Run {
  /** Ends the processes if this process is killed. */
  readonly reaper = createOrphanReaper();
  readonly #children: Child[] = [];
  /** Those that are being stopped: their end is no death. */
  readonly #retired = new Set<Child>();
  readonly #died = new AbortController();
  readonly #interrupted = new AbortController();
  readonly #interrupt: Interrupt;
  #stopStore = async (): Promise<void> => {};

  constructor(interrupt: Interrupt) {
    this.#interrupt = interrupt;
    interrupt.stop.addEventListener('abort', this.#onInterrupt, { once: true });
    if (interrupt.stop.aborted) this.#onInterrupt();
  }

  /** Aborted, with the reason, when the run cannot go on: a part died, or Ctrl-C. */
  readonly signal = AbortSignal.any([this.#died.signal, this.#interrupted.signal]);

  readonly #onDeath = (death: Error): void => this.#died.abort(death);

  readonly #onInterrupt = () => this.#interrupted.abort(new Interrupted('Interrupted.'));

  /** @param onDeath told when the process ends by itself. Without it the run cannot go on then. */
  async start(options: Omit<ChildOptions, 'reaper'>, onDeath = this.#onDeath): Promise<Child> {
    this.signal.throwIfAborted();
    const child = await startChild({ ...options, reaper: this.reaper });
    this.#children.push(child);
    this.#watch(child.name, child, (death) => {
      if (!this.#retired.has(child)) onDeath(death);
    });
    return child;
  }

  /** Stops one process, while the others go on. */
  async end(child: Child, graceMs: number): Promise<void> {
    this.#retired.add(child);
    await stopChild(child, graceMs, this.#interrupt.hurry);
    this.#children.splice(this.#children.indexOf(child), 1);
    this.#retired.delete(child);
  }

  /** The Redis that the children write to: it stops after them. */
  keepStore(store: { exited: Promise<Exit>; lastLines(): string[]; stop(): Promise<void> }): void {
    this.#stopStore = () => store.stop();
    this.#watch('Redis', store, this.#onDeath);
  }

  #watch(name: string, part: Pick<Child, 'exited' | 'lastLines'>, onDeath: (death: Error) => void): void {
    part.exited.then((exit) => {
      const lines = part.lastLines().map((line) => `\n  ${line}`);
      const how = describeExit(exit);
      onDeath(new Error(`${name} stopped by itself (${how}). Its last output:${lines.join('')}`));
    });
  }

  /** The promise's value; rejects with the reason if the run cannot go on before. */
  async orBroken<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    let onAbort = () => {};
    const broken = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
    return Promise.race([promise, broken]).finally(() => signal.removeEventListener('abort', onAbort));
  }

  /** Stops the children first: they release their jobs in Redis. */
  async stop(graceMs: number): Promise<void> {
    this.#interrupt.stop.removeEventListener('abort', this.#onInterrupt);
    for (const child of this.#children) this.#retired.add(child);
    await Promise.all(this.#children.map((child) => stopChild(child, graceMs, this.#interrupt.hurry)));
    await this.#stopStore();
    this.reaper.end();
  }
}

async function stopChild(child: Child, graceMs: number, hurry: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const onHurry = () => {
    child.signal('SIGTERM');
    timer = setTimeout(() => child.signal('SIGKILL'), HURRY_MS);
  };
  const stopped = child.stop(graceMs);
  hurry.addEventListener('abort', onHurry, { once: true });
  if (hurry.aborted) onHurry();
  await stopped;
  hurry.removeEventListener('abort', onHurry);
  clearTimeout(timer);
}
