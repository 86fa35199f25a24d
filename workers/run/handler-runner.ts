import { detectedFailure, type Outcome } from '../../src/attempts/outcome.ts';
import type { Clock } from '../../src/clock.ts';
import type { Consumer } from '../../src/lifecycle/consumer.ts';
import type { Observer } from '../../src/observer.ts';
import type { ParsedEntry } from '../../src/redis/entry.ts';
import { timeoutMs } from '../../src/redis/entry-options.ts';
import type { LoadedTask, TaskContext } from '../../src/tasks/types.ts';
import type { ProcessPool } from '../isolation/process-pool.ts';
import type { ThreadPool } from '../isolation/thread-pool.ts';
import type { HeartbeatSender } from '../process/heartbeat.ts';
import { applyAbort } from './apply-abort.ts';
import { AttemptContext } from './attempt-context.ts';
import { subjectOf, waitMsOf } from './attempt-events.ts';
import { callHandler, type MaybePromise } from './call-handler.ts';
import { checkResult } from './check-result.ts';
import type { RunningJob } from './running-job.ts';

export interface HandlerRunnerParts {
  consumer: Consumer;
  threads: ThreadPool;
  processes: ProcessPool;
  heartbeat: HeartbeatSender;
  clock: Clock;
  observe: Observer;
  /** Longest result that is stored, bytes of JSON. */
  maxResultBytes: number;
}

/** A job is a suspect once this many processes died while they ran it. */
const SUSPECT_LOSSES = 2;
const isSuspect = ({ delivery }: RunningJob): boolean => delivery.losses >= SUSPECT_LOSSES;
/** When a suspect is tried again for which no process of its own was free. */
const NO_PROCESS_DELAY_MS = 1_000;

/** Runs the handler of one job: here, in a thread, or in a process of its own for a suspect. */
export class HandlerRunner {
  readonly #parts: HandlerRunnerParts;

  constructor(parts: HandlerRunnerParts) {
    this.#parts = parts;
  }

  /** Returns a promise only if the handler does not answer at once. */
  run(running: RunningJob, entry: ParsedEntry, task: LoadedTask): MaybePromise<Outcome> {
    const { consumer, clock, heartbeat, processes, observe } = this.#parts;
    // Waiting for a process would block other jobs, and this job could run on another worker.
    if (isSuspect(running) && !processes.hasCapacity)
      return { kind: 'released', delayMs: NO_PROCESS_DELAY_MS };
    const limitMs = timeoutMs(entry.options, task);
    running.deadline = clock.monotonic() + limitMs;
    heartbeat.attemptStarts(running.deadline);
    if (observe.wants('attempt-started')) {
      observe({ kind: 'attempt-started', ...subjectOf(running, consumer.name), waitMs: waitMsOf(running) });
    }
    const context = new AttemptContext(this.#parts, running, entry, task);
    const kill = isSuspect(running) || task.thread ? new AbortController() : undefined;
    const handlerOutcome = kill
      ? this.#runIsolated(running, task, entry.payload, context, kill.signal)
      : callHandler(task.handler, entry.value, context, clock);
    if (handlerOutcome instanceof Promise) {
      const outcome = this.#waitForEnd(running, task, handlerOutcome, limitMs, kill);
      return outcome.finally(() => context.close());
    }
    context.close();
    return this.#conclude(running, task, handlerOutcome, limitMs);
  }

  /** Waits until the handler ends, or does not react to an abort in time. */
  async #waitForEnd(
    running: RunningJob,
    task: LoadedTask,
    handlerOutcome: Promise<Outcome>,
    limitMs: number,
    kill: AbortController | undefined,
  ): Promise<Outcome> {
    const timer = setTimeout(() => running.abort('timeout'), limitMs);
    const ended = await Promise.race([handlerOutcome, running.givenUp.then(() => undefined)]);
    clearTimeout(timer);
    if (ended === undefined) kill?.abort();
    return this.#conclude(running, task, ended, limitMs);
  }

  #conclude(
    running: RunningJob,
    task: LoadedTask,
    handlerOutcome: Outcome | undefined,
    limitMs: number,
  ): Outcome {
    const { maxResultBytes, clock } = this.#parts;
    const checked =
      handlerOutcome && checkResult(task, handlerOutcome, running.attempt, maxResultBytes, clock);
    return applyAbort(running, checked, limitMs, clock);
  }

  #runIsolated(
    running: RunningJob,
    task: LoadedTask,
    payload: string,
    ctx: TaskContext,
    kill: AbortSignal,
  ): Promise<Outcome> {
    const { threads, processes } = this.#parts;
    const isolated = { file: task.file, payload, job: ctx.job };
    return isSuspect(running)
      ? processes
          .run(isolated, ctx, kill)
          .catch(this.#died(running, 'worker-lost', 'process that ran the job alone'))
      : threads.run(isolated, ctx, kill).catch(this.#died(running, 'thread-lost', 'thread of the task'));
  }

  /** For a thread or process that ended without an outcome: killed, or by itself (process.exit, out of memory). */
  #died(running: RunningJob, name: string, what: string): (error: unknown) => Outcome {
    return (error) => {
      const message = `The ${what} ended: ${error instanceof Error ? error.message : String(error)}`;
      return detectedFailure(name, message, running.attempt, this.#parts.clock.wall(), { retryable: true });
    };
  }
}
