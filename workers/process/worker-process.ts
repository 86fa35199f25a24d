import type { Loop } from '../../src/maintenance/loop.ts';
import { parseEntry } from '../../src/redis/entry.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { Batcher } from '../intake/batcher.ts';
import type { ConcurrencyLimiter } from '../intake/concurrency-limiter.ts';
import type { HeldJobs } from '../intake/held-jobs.ts';
import type { Releaser } from '../intake/releaser.ts';
import type { TakeLoop } from '../intake/take-loop.ts';
import type { HandOvers } from '../isolation/hand-overs.ts';
import type { AbortCause } from '../run/abort.ts';
import type { PersistentWriter } from '../run/persistent-writer.ts';
import { RunningJob } from '../run/running-job.ts';
import type { News, SentDelivery } from '../supervisor/ipc.ts';
import type { HeartbeatSender } from './heartbeat.ts';
import type { LeaseWatch } from './lease-watch.ts';
import type { Reporter } from './reporter.ts';
import type { ServedQueues } from './served-queues.ts';

export interface WorkerProcessParts {
  queues: readonly QueueKeys[];
  servedQueues: ServedQueues;
  /** Absent in a process that runs one job alone. */
  handOvers: HandOvers | undefined;
  limiter: ConcurrencyLimiter<RunningJob>;
  heldJobs: HeldJobs;
  releaser: Releaser;
  batcher: Batcher;
  writer: PersistentWriter;
  takeLoop: TakeLoop;
  heartbeat: HeartbeatSender;
  leaseWatch: LeaseWatch;
  /** Absent without HEALTH_PORT. */
  reporter: Reporter | undefined;
  loops: readonly Loop[];
  /** Closes threads and connections, at the very end of a stop. */
  close: () => Promise<void>;
}

/** After an abort every write has this long for its last try. */
const LAST_WRITES_MS = 1_000;

/**
 * One worker process: takes jobs and runs them. The supervisor renews its lease, so that a handler that blocks this
 * event loop keeps its jobs. When the supervisor ends, its lease expires and this process stops.
 */
export class WorkerProcess {
  readonly #parts: WorkerProcessParts;
  #stopping: Promise<void> | undefined;
  /** One for each call of `stop`; the first that ends counts. */
  readonly #graces: NodeJS.Timeout[] = [];
  /** Why the jobs are aborted that do not end within the grace of a stop. */
  #abortCause: AbortCause = 'shutdown';

  constructor(parts: WorkerProcessParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#parts.heartbeat.start();
    this.#parts.reporter?.start();
    for (const loop of this.#parts.loops) loop.start();
  }

  /** Runs one job that this process holds already, and takes none. Resolves when the process has stopped. */
  async runAlone(queue: string, delivery: SentDelivery): Promise<void> {
    const { queues, batcher, limiter } = this.#parts;
    const keys = queues.find((known) => known.queue === queue);
    if (keys === undefined) throw new Error(`${queue} is not a queue of this worker`);
    batcher.stop();
    this.start();
    limiter.accept([new RunningJob({ ...delivery, keys }, parseEntry(delivery.fields))]);
    await limiter.whenEmpty();
    await this.stop(0);
  }

  /** The supervisor has answered a request to run a job alone. */
  handedOver(job: string, token: number, isDone: boolean): void {
    this.#parts.handOvers?.answered(job, token, isDone);
  }

  hear(news: News): void {
    const { leaseWatch, heldJobs, takeLoop, servedQueues } = this.#parts;
    if (news.type === 'queues') servedQueues.serve(news.queues);
    else if (news.type === 'cancel') heldJobs.cancel(news.queue, news.ref);
    else if (news.type === 'held') takeLoop.heardOfHold(news.queue, news.holdClass);
    else if (news.type === 'lease-renewed') leaseWatch.renewed();
    else heldJobs.loseLease(news.queue, news.registeredAt);
  }

  /** One of the jobs may have spoilt this process: those that a stop has to abort are suspects. */
  suspectJobs(): void {
    this.#abortCause = 'suspected';
  }

  /**
   * Stops little later than the grace ends: takes nothing more -> lets running jobs finish -> aborts and releases those
   * that do not. A second call with a shorter grace cuts the first one short.
   */
  stop(graceMs: number): Promise<void> {
    if (this.#stopping !== undefined && graceMs === 0) this.#abortAll();
    // Armed first: each step of the stop may wait for Redis, which may be away.
    else this.#graces.push(setTimeout(() => this.#abortAll(), graceMs));
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { takeLoop, limiter, loops, batcher, releaser, heartbeat, reporter, close } = this.#parts;
    await takeLoop.stop();
    await limiter.whenEmpty();
    await Promise.all(loops.map((loop) => loop.stop()));
    // A take that was under way may still have delivered jobs: they are released.
    await batcher.withoutTakes(async () => undefined);
    await releaser.whenDone();
    await batcher.flush();
    for (const grace of this.#graces) clearTimeout(grace);
    heartbeat.stop();
    reporter?.stop();
    await close();
  }

  #abortAll(): void {
    const { heldJobs, writer, batcher } = this.#parts;
    heldJobs.abortAll(this.#abortCause);
    setTimeout(() => {
      writer.giveUp();
      batcher.giveUp();
    }, LAST_WRITES_MS).unref();
  }
}
