import { createOrphanReaper } from '../orphan-reaper.ts';
import { type Child, type ChildOptions, describeExit, type Exit, startChild } from './child-process.ts';
import type { Interrupt } from './interrupt.ts';

/** The first Ctrl-C, not a fault. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** After the second Ctrl-C a part has this long to hand its jobs back. */
const HURRY_MS = 3_000;

/** What one run has started, and the order in which it stops. */
export class Run {
  /** Ends what is left, should this process be killed. */
  readonly leash = createOrphanReaper();
  readonly #children: Child[] = [];
  readonly #died = new AbortController();
  readonly #interrupted = new AbortController();
  readonly #interrupt: Interrupt;
  #stopStore = async (): Promise<void> => {};

  constructor(interrupt: Interrupt) {
    this.#interrupt = interrupt;
    interrupt.stop.addEventListener('abort', this.#onInterrupt, { once: true });
    if (interrupt.stop.aborted) this.#onInterrupt();
  }

  /** Aborted, with the reason, once the run cannot go on: a part died, or Ctrl-C. */
  readonly signal = AbortSignal.any([this.#died.signal, this.#interrupted.signal]);

  readonly #onInterrupt = () => this.#interrupted.abort(new Interrupted('Interrupted.'));

  async start(options: Omit<ChildOptions, 'leash'>): Promise<Child> {
    this.signal.throwIfAborted();
    const child = await startChild({ ...options, leash: this.leash });
    this.#children.push(child);
    this.#watch(child.name, child);
    return child;
  }

  /** The store that the children write to: it stops when they have stopped. */
  keepStore(store: { exited: Promise<Exit>; lastLines(): string[]; stop(): Promise<void> }): void {
    this.#stopStore = () => store.stop();
    this.#watch('Redis', store);
  }

  #watch(name: string, part: { exited: Promise<Exit>; lastLines(): string[] }): void {
    part.exited.then((exit) => {
      const lines = part.lastLines().map((line) => `\n  ${line}`);
      const how = describeExit(exit);
      this.#died.abort(new Error(`${name} stopped by itself (${how}). It said last:${lines.join('')}`));
    });
  }

  /** The promise, or the reason why the run cannot go on if that comes first. */
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

  /** The children first: they hand their jobs back to the store. */
  async stop(graceMs: number): Promise<void> {
    this.#interrupt.stop.removeEventListener('abort', this.#onInterrupt);
    await Promise.all(this.#children.map((child) => stopChild(child, graceMs, this.#interrupt.hurry)));
    await this.#stopStore();
    this.leash.end();
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
