import { type Outcome, thrownFailure } from '../../src/attempts/outcome.ts';
import { preflight } from '../../src/attempts/preflight.ts';
import type { UnfinishedStatus } from '../../src/attempts/settle-failure.ts';
import type { Clock } from '../../src/clock.ts';
import type { Settled } from '../../src/lifecycle/consumer.ts';
import { toFaultEvent } from '../../src/maintenance/fault-event.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';
import type { ConcurrencyLimiter } from '../intake/concurrency-limiter.ts';
import { applyAbort } from './apply-abort.ts';
import { endSpan, observeSettled } from './attempt-events.ts';
import type { MaybePromise } from './call-handler.ts';
import type { HandlerRunner } from './handler-runner.ts';
import type { RunningJob } from './running-job.ts';
import { type SettleParts, settleOutcome } from './settle-outcome.ts';

export interface ExecutorParts extends SettleParts {
  limiter: ConcurrencyLimiter<RunningJob>;
  runner: HandlerRunner;
  clock: Clock;
  /** Redis lacks a delivery of the queue. It may lack ends of other jobs, too, that it had confirmed. */
  onStale: (keys: QueueKeys) => void;
}

/**
 * Executes delivered jobs, step by step: an outcome without a run (cancelled, expired, no such task ...), else the
 * handler's, then one move in Redis. Steps that answer at once cost no promise: that saves a third of a short job.
 */
export class Executor {
  readonly #parts: ExecutorParts;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  /** Never throws: every fault is an outcome, or is reported. */
  readonly execute = (running: RunningJob): void => {
    const startedAt = this.#parts.clock.monotonic();
    const failed = (thrown: unknown) => thrownFailure(thrown, running.attempt, this.#parts.clock.wall());
    let outcome: MaybePromise<Outcome | undefined>;
    try {
      outcome = this.#outcomeWithoutRun(running) ?? this.#run(running);
    } catch (thrown) {
      outcome = failed(thrown);
    }
    if (!(outcome instanceof Promise)) this.#settle(running, outcome, startedAt);
    else void outcome.catch(failed).then((ended) => this.#settle(running, ended, startedAt));
  };

  readonly #findTask = (task: string): LoadedTask | undefined => this.#parts.tasks.get(task);

  /** Undefined when the handler must decide. */
  #outcomeWithoutRun(running: RunningJob): Outcome | undefined {
    const { clock } = this.#parts;
    if (running.abortCause !== undefined) return applyAbort(running, undefined, 0, clock);
    return preflight(running.delivery, running.entry, running.entry?.value, this.#findTask, clock.wall());
  }

  #run(running: RunningJob): MaybePromise<Outcome | undefined> {
    const { entry } = running;
    const task = entry && this.#findTask(entry.task);
    if (entry === undefined || task === undefined) throw new Error('preflight passed a job without a task');
    return this.#parts.runner.run(running, entry, task);
  }

  /**
   * Frees the job's slot for the next handler, and stops holding the job when its outcome is written. Without an outcome
   * another process has the job.
   */
  #settle(running: RunningJob, outcome: Outcome | undefined, startedAt: number): void {
    const { consumer, clock, limiter, observe } = this.#parts;
    running.handlerEnded();
    const endedAt = clock.monotonic();
    const runMs = endedAt - startedAt;
    limiter.handlerEnded(runMs);
    if (outcome === undefined) {
      this.#stopHolding(running);
      return;
    }
    const onError = (error: unknown) => {
      // Redis was away until the stop gave up writing: the lease expires, and the job runs elsewhere.
      observe(toFaultEvent(`job ${running.id}`, error));
      endSpan(running, outcome, undefined, endedAt);
      this.#stopHolding(running);
    };
    const onSettled = (settled: Settled, status?: UnfinishedStatus) => {
      if (settled === 'stale') this.#parts.onStale(running.delivery.keys);
      // No attempt was made of a held job.
      if (outcome.kind !== 'held')
        observeSettled(observe, running, consumer.name, outcome, runMs, settled, status);
      endSpan(running, outcome, { settled, status }, endedAt);
      this.#stopHolding(running);
    };
    try {
      settleOutcome(this.#parts, running, outcome, runMs, { onSettled, onError });
    } catch (error) {
      onError(error);
    }
  }

  #stopHolding(running: RunningJob): void {
    this.#parts.limiter.remove(running);
    this.#parts.batcher.schedule();
  }
}
