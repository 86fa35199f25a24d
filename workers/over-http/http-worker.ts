import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../../src/attempts/outcome.ts';
import type { Loop } from '../../src/maintenance/loop.ts';
import type { LeasedJob } from '../../src/schemas/lease.ts';
import { MAX_TIMEOUT_MS } from '../../src/schemas/values/duration.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';
import type { ProgramWorker, WorkerEvent, WorkerEventMap } from '../embedded/program-worker.ts';
import { WorkerEvents } from '../embedded/worker-events.ts';
import { announceLoop } from './announcements.ts';
import { SETTLED, TAKEN } from './answers.ts';
import { type Api, pauseMs, Refusal, Unanswered } from './api.ts';
import { HeldLease } from './held-lease.ts';
import { HttpAttempt } from './http-attempt.ts';
import { isStale } from './reports.ts';
import { settlementOf } from './settlement.ts';

/** How long one request waits for jobs. */
const POLL_MS = 20_000;
/** A poll is answered a while after its wait. */
const POLL_PATIENCE_MS = POLL_MS + 15_000;
const DEFAULT_GRACE_MS = 25_000;
/** After an abort every report has this long for its last try. */
const LAST_REPORTS_MS = 3_000;

export interface HttpWorkerParts {
  readonly api: Api;
  readonly queues: readonly string[];
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly name: string;
}

type Tasks = ReadonlyMap<string, LoadedTask>;
type Taken = ReturnType<typeof TAKEN>;

/**
 * A worker that reaches only the API. States: it takes jobs -> `stop`: it takes none, and the running ones go on -> the grace ends:
 * they are aborted and given back -> it has stopped.
 */
export class HttpWorker implements ProgramWorker {
  readonly ready: Promise<void>;
  readonly #parts: HttpWorkerParts;
  readonly #events = new WorkerEvents();
  /** What runs, with its end. */
  readonly #running = new Map<HttpAttempt, Promise<void>>();
  /** Fires when it takes no more jobs. */
  readonly #ending = new AbortController();
  /** Fires when reports are no longer tried again. */
  readonly #over = new AbortController();
  readonly #taking: Promise<void>;
  #hasAnswer = false;
  #toldOutage = 0;
  #announcing: Loop | undefined;
  #answered: () => void = () => undefined;
  #refused: (error: Refusal) => void = () => undefined;
  #announced: () => void = () => undefined;
  #wake: () => void = () => undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: HttpWorkerParts, load: () => Promise<Tasks>) {
    this.#parts = parts;
    const loaded = load();
    const firstAnswer = new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
    const announced = new Promise<void>((resolve) => {
      this.#announced = resolve;
    });
    const refused = new Promise<never>((_, reject) => {
      this.#refused = reject;
    });
    const started = loaded.then(() => Promise.all([firstAnswer, announced])).then(this.#isReady);
    this.ready = Promise.race([started, refused]);
    this.ready.catch(this.#onTrouble);
    this.#taking = loaded.then((tasks) => this.#takeAll(tasks)).catch(() => undefined);
  }

  on<E extends WorkerEvent>(event: E, listener: (...args: WorkerEventMap[E]) => void): this {
    this.#events.on(event, listener);
    return this;
  }

  off<E extends WorkerEvent>(event: E, listener: (...args: WorkerEventMap[E]) => void): this {
    this.#events.off(event, listener);
    return this;
  }

  stop({ graceMs = DEFAULT_GRACE_MS }: { readonly graceMs?: number } = {}): Promise<void> {
    const timer = setTimeout(() => this.#abortAll(), graceMs);
    this.#stopping ??= this.#stop();
    return this.#stopping.finally(() => clearTimeout(timer));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    this.#ending.abort();
    this.#wake();
    await this.#taking;
    await Promise.all(this.#running.values());
    await this.#announcing?.stop();
    this.#over.abort();
    this.#answered();
    this.#announced();
    this.#events.emit('stopped');
  }

  #abortAll(): void {
    for (const attempt of this.#running.keys()) attempt.abort('shutdown');
    setTimeout(() => {
      this.#over.abort();
      for (const attempt of this.#running.keys()) attempt.dropReports();
    }, LAST_REPORTS_MS).unref();
  }

  async #takeAll(tasks: Tasks): Promise<void> {
    const { api, queues, concurrency } = this.#parts;
    this.#announcing = announceLoop(api, queues, tasks, this.#onTrouble, this.#announced);
    this.#announcing.start();
    for (let failures = 0; !this.#ending.signal.aborted; ) {
      if (this.#running.size >= concurrency) {
        await this.#slotFree();
        continue;
      }
      try {
        const taken = await this.#take(tasks);
        failures = 0;
        this.#accept(taken, tasks);
        if (taken.directive === 'drain') void this.stop({ graceMs: MAX_TIMEOUT_MS });
      } catch (error) {
        if (this.#ending.signal.aborted) return;
        this.#onTrouble(error);
        if (error instanceof Refusal && error.isOfKey) this.#refused(error);
        await this.#pause(pauseMs(failures, error));
        failures += 1;
      }
    }
  }

  /** The API gives jobs back that it took for a request which has been aborted meanwhile. */
  async #take(tasks: Tasks): Promise<Taken> {
    const { api, queues, concurrency, leaseMs, name } = this.#parts;
    const body = {
      queues,
      max: concurrency - this.#running.size,
      leaseMs,
      // The first request shows at once whether the API takes the key and the queues.
      waitMs: this.#hasAnswer ? POLL_MS : 0,
      worker: name,
      tasks: [...tasks.keys()],
    };
    const signal = this.#ending.signal;
    const taken = await api.send('POST', '/leases', JSON.stringify(body), TAKEN, signal, POLL_PATIENCE_MS);
    this.#hasAnswer = true;
    this.#answered();
    return taken;
  }

  #accept({ lease, jobs }: Taken, tasks: Tasks): void {
    if (jobs.length === 0) return;
    const { api, leaseMs } = this.#parts;
    const parts = { api, lease, leaseMs, onTrouble: this.#onTrouble };
    const held = new HeldLease(parts);
    for (const job of jobs) {
      const task = tasks.get(job.task);
      // The API hands out only jobs of the tasks that were named.
      if (task === undefined) continue;
      const attempt = new HttpAttempt(job, task, parts);
      held.add(attempt);
      const ended = this.#run(attempt, job).finally(() => {
        held.remove(attempt);
        this.#running.delete(attempt);
        this.#wake();
      });
      this.#running.set(attempt, ended);
    }
  }

  /** Never rejects. */
  async #run(attempt: HttpAttempt, job: LeasedJob): Promise<void> {
    try {
      const outcome = await attempt.run();
      const status = await this.#settle(attempt, outcome);
      if (status !== undefined) this.#tell(job, outcome, status);
    } catch (error) {
      this.#onTrouble(error);
    }
  }

  /** Tells the API of the outcome until it answers. Resolves to what the job is now; undefined: it runs elsewhere. */
  async #settle({ job: { id, lease } }: HttpAttempt, outcome: Outcome): Promise<string | undefined> {
    const settlement = settlementOf(lease, outcome);
    if (settlement === undefined) return undefined;
    const path = `/jobs/${encodeURIComponent(id)}/${settlement.verb}`;
    try {
      const { api } = this.#parts;
      const over = this.#over.signal;
      const { status } = await api.persist('POST', path, settlement.body, SETTLED, over, this.#onTrouble);
      return status;
    } catch (error) {
      if (!isStale(error)) throw error;
      return undefined;
    }
  }

  #tell({ id, queue, task, attempt }: LeasedJob, outcome: Outcome, status: string): void {
    const ended = { job: id, queue, task, attempt };
    if (status === 'completed') this.#events.emit('completed', ended);
    if (outcome.kind === 'failed') this.#events.emit('failed', { ...ended, error: outcome.error.message });
  }

  readonly #isReady = (): void => {
    if (this.#stopping === undefined) this.#events.emit('ready');
  };

  /** An API that is away, or does not take the key, is told once, not by each request. */
  readonly #onTrouble = (error: unknown): void => {
    if ((error instanceof Unanswered || error instanceof Refusal) && error.outage !== undefined) {
      if (error.outage === this.#toldOutage) return;
      this.#toldOutage = error.outage;
    }
    this.#events.fail(error);
  };

  #slotFree(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#ending.signal.aborted || this.#running.size < this.#parts.concurrency) resolve();
    });
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#ending.signal }).catch(() => undefined);
  }
}
