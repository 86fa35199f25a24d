import type { Clock } from '../../src/clock.ts';
import { observeAttemptEnd, type UnfinishedStatus, waitMsOf } from '../../src/lifecycle/attempt-events.ts';
import type { Settled } from '../../src/lifecycle/consumer.ts';
import { failure, type Outcome, refusal } from '../../src/lifecycle/outcome.ts';
import { preflight } from '../../src/lifecycle/preflight.ts';
import { toFaultEvent } from '../../src/maintenance/fault-event.ts';
import { type Entry, timeoutMs } from '../../src/redis/entry.ts';
import type { LoadedTask, TaskContext } from '../../src/tasks/types.ts';
import type { ProcessPool } from '../isolation/process-pool.ts';
import type { ThreadPool } from '../isolation/thread-pool.ts';
import type { HeartbeatSender } from '../process/heartbeat.ts';
import { AttemptContext } from './attempt-context.ts';
import { callHandler, checkResult, type MaybePromise } from './call-handler.ts';
import { type RunningJob, subjectOf } from './running-job.ts';
import { type SettleParts, settleOutcome } from './settle-outcome.ts';

export interface ExecutorParts extends SettleParts {
  threads: ThreadPool;
  isolates: ProcessPool;
  clock: Clock;
  heart: HeartbeatSender;
  /** A handler has ended after so long. */
  onRan: (runMs: number) => void;
  /** The job is out of this process's hands. */
  onEnd: (running: RunningJob) => void;
}

/** A job that so many processes died with is suspected to be the cause. */
const ISOLATE_FROM = 2;
const isSuspect = ({ delivery }: RunningJob): boolean => delivery.losses >= ISOLATE_FROM;
/** When a suspect that found no room is tried again. */
const NO_ROOM_MS = 1_000;

/**
 * Takes one delivery from decoding to settling. A handler that answers at once costs no promise: that is a third of
 * what a short job costs this process.
 */
export class Executor {
  readonly #parts: ExecutorParts;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  /** Never throws: whatever goes wrong is an outcome, or is reported. */
  readonly execute = (running: RunningJob): void => {
    const began = this.#parts.clock.monotonic();
    const fail = (thrown: unknown) => failure(thrown, running.attempt, this.#parts.clock.wall());
    let outcome: MaybePromise<Outcome>;
    try {
      outcome = this.#outcome(running);
    } catch (thrown) {
      outcome = fail(thrown);
    }
    if (!(outcome instanceof Promise)) this.#settle(running, outcome, began);
    else void outcome.catch(fail).then((ended) => this.#settle(running, ended, began));
  };

  readonly #find = (task: string): LoadedTask | undefined => this.#parts.tasks.get(task);

  #settle(running: RunningJob, outcome: Outcome, began: number): void {
    const { clock, observe, onRan, onEnd } = this.#parts;
    running.end();
    const runMs = clock.monotonic() - began;
    onRan(runMs);
    const failed = (error: unknown) => {
      // Redis was away until the stop gave up writing: the lease runs out, and the job runs elsewhere.
      observe(toFaultEvent(`job ${running.id}`, error));
      onEnd(running);
    };
    const settled = (how: Settled, status?: UnfinishedStatus) => {
      this.#observeEnd(running, outcome, { settled: how, status }, runMs);
      onEnd(running);
    };
    try {
      settleOutcome(this.#parts, running, outcome, runMs, { settled, failed });
    } catch (error) {
      failed(error);
    }
  }

  #observeEnd(
    running: RunningJob,
    { kind }: Outcome,
    end: { settled: Settled; status: UnfinishedStatus | undefined },
    runMs: number,
  ): void {
    const { observe, consumer } = this.#parts;
    const isStale = end.settled === 'stale' && observe.wants('stale');
    if (!isStale && !observe.wants('attempt-ended')) return;
    const subject = subjectOf(running, consumer.name);
    const { attempt: _, ...job } = subject;
    if (isStale) observe({ kind: 'stale', ...job, move: kind });
    observeAttemptEnd(observe, subject, kind, end, { waitMs: waitMsOf(running.delivery), runMs });
  }

  /** What can be said without running, else what the run says. */
  #outcome(running: RunningJob): MaybePromise<Outcome> {
    // Told to stop before it could begin.
    if (running.abortCause !== undefined) return byCause(running, undefined, 0);
    const { entry, delivery } = running;
    const judged = preflight(delivery, entry, this.#find, this.#parts.clock.wall());
    if (judged !== undefined) return judged;
    const task = entry && this.#find(entry.task);
    if (entry === undefined || task === undefined)
      throw new Error('a delivery was judged to be run without its task');
    return this.#run(running, entry, task);
  }

  #run(running: RunningJob, entry: Entry, task: LoadedTask): MaybePromise<Outcome> {
    const { clock, consumer, heart, isolates, observe } = this.#parts;
    // Waiting for room here would keep others from running, and this from running elsewhere.
    if (isSuspect(running) && !isolates.hasRoom) return { kind: 'released', delayMs: NO_ROOM_MS };
    const limit = timeoutMs(entry.options, task);
    running.deadline = clock.monotonic() + limit;
    heart.begin(running.deadline);
    if (observe.wants('attempt-started')) {
      const waitMs = waitMsOf(running.delivery);
      observe({ kind: 'attempt-started', ...subjectOf(running, consumer.name), waitMs });
    }
    const context = new AttemptContext(this.#parts, running, entry, task);
    const kill = isSuspect(running) || task.thread ? new AbortController() : undefined;
    const work = kill
      ? this.#startApart(running, task, entry.value, context, kill.signal)
      : callHandler(task.handler, entry.value, context);
    if (work instanceof Promise)
      return this.#wait(running, task, work, limit, kill).finally(() => context.close());
    context.close();
    return byCause(running, this.#checked(running, task, work), limit);
  }

  async #wait(
    running: RunningJob,
    task: LoadedTask,
    work: Promise<Outcome>,
    limit: number,
    kill: AbortController | undefined,
  ): Promise<Outcome> {
    const timer = setTimeout(() => running.abort('timeout'), limit);
    const ended = await Promise.race([work, running.givenUp.then(() => undefined)]);
    clearTimeout(timer);
    if (ended === undefined) kill?.abort();
    return byCause(running, ended && this.#checked(running, task, ended), limit);
  }

  #checked(running: RunningJob, task: LoadedTask, outcome: Outcome): Outcome {
    return checkResult(task, outcome, running.attempt, this.#parts.maxResultBytes);
  }

  /** In a thread or, where processes died with the job, in one of its own. */
  #startApart(
    running: RunningJob,
    task: LoadedTask,
    payload: unknown,
    ctx: TaskContext,
    kill: AbortSignal,
  ): Promise<Outcome> {
    const { threads, isolates } = this.#parts;
    const apart = { file: task.file, payload, job: ctx.job };
    if (isSuspect(running)) {
      return isolates
        .run(apart, ctx, kill)
        .catch(lost(running, 'worker-lost', 'The process that ran the job alone ended'));
    }
    return threads.run(apart, ctx, kill).catch(lost(running, 'thread-lost', 'The thread of the task ended'));
  }
}

/** A thread or process that ended without an outcome: killed by us, or by itself (process.exit, out of memory). */
const lost =
  (running: RunningJob, name: string, what: string) =>
  (error: unknown): Outcome => {
    const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    return refusal(name, message, running.delivery.attempt, Date.now(), { retryable: true });
  };

/** The cause of an abort decides, whichever of handler and signal came first. */
function byCause(running: RunningJob, ended: Outcome | undefined, limitMs: number): Outcome {
  const cause = running.abortCause;
  if (cause === undefined) return ended ?? { kind: 'released', delayMs: 0 };
  const succeeded = ended?.kind === 'completed';
  if (cause === 'lease-lost') return { kind: 'lost' };
  if (cause === 'cancelled') return succeeded ? ended : { kind: 'cancelled' };
  if (cause === 'shutdown') return succeeded ? ended : { kind: 'released', delayMs: 0 };
  const message = `The attempt took longer than its timeout of ${limitMs} ms`;
  return refusal('timeout', message, running.delivery.attempt, Date.now(), { retryable: true });
}
