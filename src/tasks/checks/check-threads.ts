import type { Clock } from '../../clock.ts';
import { CheckThread, type ThreadOutcome } from './check-thread.ts';
import { Lanes } from './lanes.ts';
import type { CheckRequest } from './thread-messages.ts';

/** One thread for each schema at a time, so a schema that hangs leaves one to the others. */
const MAX_THREADS = 2;
/** Threads end when there was nothing to check for this long, ms. */
const IDLE_MS = 30_000;
/** A check that has waited longer is not tried, ms. */
const MAX_WAIT_MS = 2_000;
/** After so many late checks in a row a schema is not tried for a while. */
const MAX_LATE = 3;
const REST_MS = 30_000;
/** Schemas whose late checks are counted. */
const MAX_COUNTED = 1_000;

/** Checks values against schemas in threads, each with a deadline. The event loop only waits. */
export class CheckThreads {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #threads = new Set<CheckThread>();
  readonly #lanes = new Lanes();
  /** Keys of the schemas that a thread works with. */
  readonly #checkedNow = new Set<string>();
  readonly #late = new Map<string, { count: number; restsUntil: number }>();
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  async check(request: CheckRequest): Promise<ThreadOutcome> {
    const now = this.#clock.monotonic();
    if (this.#isClosed) return { kind: 'busy' };
    if ((this.#late.get(request.key)?.restsUntil ?? 0) > now) return { kind: 'slow', step: 'check' };
    return new Promise((resolve) => {
      if (!this.#lanes.add({ request, resolve, since: now })) resolve({ kind: 'busy' });
      this.#dispatch();
    });
  }

  /** Ends the threads. Checks that wait are not tried. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#idle);
    for (const key of this.#lanes.keys()) this.#answerAll(key, { kind: 'busy' });
    await this.#endThreads();
  }

  #dispatch(): void {
    clearTimeout(this.#idle);
    for (let thread = this.#freeThread(); thread !== undefined; thread = this.#freeThread()) {
      const next = this.#lanes.next(this.#checkedNow);
      if (next === undefined) break;
      if (this.#clock.monotonic() - next.since > MAX_WAIT_MS) next.resolve({ kind: 'busy' });
      else void this.#run(thread, next.request).then(next.resolve);
    }
    this.#idle = setTimeout(() => void this.#endThreads(), IDLE_MS).unref();
  }

  #freeThread(): CheckThread | undefined {
    for (const thread of this.#threads) if (thread.isIdle) return thread;
    if (this.#isClosed || this.#threads.size >= MAX_THREADS || this.#lanes.isEmpty) return undefined;
    const thread = new CheckThread(() => {
      this.#threads.delete(thread);
      this.#dispatch();
    });
    this.#threads.add(thread);
    return thread;
  }

  async #run(thread: CheckThread, request: CheckRequest): Promise<ThreadOutcome> {
    this.#checkedNow.add(request.key);
    const outcome = await thread.check(request);
    this.#checkedNow.delete(request.key);
    if (outcome.kind === 'slow') this.#countLate(request.key);
    else this.#late.delete(request.key);
    this.#dispatch();
    return outcome;
  }

  #countLate(key: string): void {
    const count = (this.#late.get(key)?.count ?? 0) + 1;
    if (this.#late.size >= MAX_COUNTED) this.#late.clear();
    const mustRest = count >= MAX_LATE;
    // One more late check after the rest begins the next one.
    const restsUntil = mustRest ? this.#clock.monotonic() + REST_MS : 0;
    this.#late.set(key, { count, restsUntil });
    if (mustRest) this.#answerAll(key, { kind: 'slow', step: 'check' });
  }

  #answerAll(key: string, outcome: ThreadOutcome): void {
    for (const { resolve } of this.#lanes.empty(key)) resolve(outcome);
  }

  async #endThreads(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }
}
