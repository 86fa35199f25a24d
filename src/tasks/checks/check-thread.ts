import { Worker } from 'node:worker_threads';
import type { Fault } from '../../schemas/problem.ts';
import { ThreadDeadline } from './thread-deadline.ts';
import { type CheckRequest, type FromThread, MAX_COMPILED } from './thread-messages.ts';

export type ThreadOutcome =
  | { readonly kind: 'checked'; readonly faults: Fault[] }
  | { readonly kind: 'no-schema'; readonly reason: string }
  /** It took too long, or too much memory. */
  | { readonly kind: 'slow'; readonly step: 'compile' | 'check' }
  /** It was not tried. */
  | { readonly kind: 'busy' };

/** A check may take so long, ms that the thread works. */
export const CHECK_MS = 250;
/** Before the first check a thread compiles the schema, ms. */
export const COMPILE_MS = 1_000;
/** A thread starts within a tenth of a second on a quiet machine, ms. */
const START_MS = 20_000;

const LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 };

/** This file is `.ts` under a loader and `.js` when built, and so is the entry. */
const IS_SOURCE = import.meta.url.endsWith('.ts');
const ENTRY = new URL(IS_SOURCE ? './thread-entry.ts' : './thread-entry.js', import.meta.url);
const SOURCE_START = `
  const { workerData } = require('node:worker_threads');
  import('tsx/esm/api').then(({ register }) => {
    register();
    return import(workerData);
  });
`;

/** A thread that checks one value at a time, and is ended when it takes too long. */
export class CheckThread {
  readonly #worker: Worker;
  /** Keys of the schemas that it has compiled. */
  readonly #compiled = new Set<string>();
  #current: { request: CheckRequest; resolve: (outcome: ThreadOutcome) => void } | undefined;
  readonly #deadline = new ThreadDeadline();
  #isReady = false;
  #isGone = false;

  /** @param onEnd is called once, when the thread has ended. */
  constructor(onEnd: () => void) {
    this.#worker = new Worker(IS_SOURCE ? SOURCE_START : ENTRY, {
      eval: IS_SOURCE,
      workerData: ENTRY.href,
      resourceLimits: LIMITS,
    });
    // A process that has nothing else to do ends.
    this.#worker.unref();
    this.#worker.on('message', (message: FromThread) => this.#receive(message));
    // Without a listener it would end the process. The exit follows.
    this.#worker.on('error', () => undefined);
    this.#worker.once('exit', () => {
      this.#isGone = true;
      this.#finish(this.#unfinished);
      onEnd();
    });
  }

  get isIdle(): boolean {
    return !this.#isGone && this.#current === undefined;
  }

  /** Only while it is idle. */
  check(request: CheckRequest): Promise<ThreadOutcome> {
    return new Promise((resolve) => {
      this.#current = { request, resolve };
      if (this.#isReady) this.#begin(request);
      else this.#within(START_MS);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #begin(request: CheckRequest): void {
    this.#within(this.#compiled.has(request.key) ? CHECK_MS : COMPILE_MS);
    this.#worker.postMessage(request);
  }

  #receive(message: FromThread): void {
    switch (message.kind) {
      case 'ready':
        this.#isReady = true;
        this.#deadline.thread = message.thread;
        if (this.#current !== undefined) this.#begin(this.#current.request);
        break;
      case 'compiled':
        if (this.#compiled.size >= MAX_COMPILED) this.#compiled.clear();
        if (this.#current !== undefined) this.#compiled.add(this.#current.request.key);
        this.#within(CHECK_MS);
        break;
      default:
        this.#finish(message);
    }
  }

  get #unfinished(): ThreadOutcome {
    if (!this.#isReady) return { kind: 'busy' };
    const isCompiled = this.#current !== undefined && this.#compiled.has(this.#current.request.key);
    return { kind: 'slow', step: isCompiled ? 'check' : 'compile' };
  }

  #finish(outcome: ThreadOutcome): void {
    this.#deadline.stop();
    const { resolve } = this.#current ?? {};
    this.#current = undefined;
    resolve?.(outcome);
  }

  #within(ms: number): void {
    this.#deadline.start(ms, () => void this.end());
  }
}
