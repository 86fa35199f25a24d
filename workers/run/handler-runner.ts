import { detectedFailure, type Outcome } from '../../src/attempts/outcome.ts';
import type { Clock } from '../../src/clock.ts';
import type { Consumer } from '../../src/lifecycle/consumer.ts';
import type { Observer } from '../../src/observer.ts';
import type { ParsedEntry } from '../../src/redis/entry.ts';
import { timeoutMs } from '../../src/redis/entry-options.ts';
import type { LoadedTask, TaskContext } from '../../src/tasks/types.ts';
import type { AttemptSpans } from '../../src/telemetry/spans/attempt-spans.ts';
import { type HandOvers, isSuspect } from '../isolation/hand-overs.ts';
import type { ThreadPool } from '../isolation/thread-pool.ts';
import type { HeartbeatSender } from '../process/heartbeat.ts';
import { applyAbort } from './apply-abort.ts';
import { subjectOf, waitMsOf } from './attempt-events.ts';
import { AttemptTrace } from './attempt-trace.ts';
import { callHandler, type MaybePromise } from './call-handler.ts';
import { checkResult } from './check-result.ts';
import { AttemptContext } from './context/attempt-context.ts';
import type { PersistentWriter } from './persistent-writer.ts';
import type { RunningJob } from './running-job.ts';

export interface HandlerRunnerParts {
  consumer: Consumer;
  writer: PersistentWriter;
  threads: ThreadPool;
  /** Absent in a process that runs one job alone. */
  handOvers: HandOvers | undefined;
  heartbeat: HeartbeatSender;
  clock: Clock;
  observe: Observer;
  /** Undefined where no spans are made. */
  spans: AttemptSpans | undefined;
  /** Longest result that is stored, bytes of JSON. */
  maxResultBytes: number;
}

/** When a suspect is tried again that no process could run alone. */
const NO_PROCESS_DELAY_MS = 1_000;

/** Runs the handler of one job, here or in a thread. Hands suspects over to processes of their own. */
export class HandlerRunner {
  readonly #parts: HandlerRunnerParts;
  #lastTrace: AttemptTrace | undefined;

  constructor(parts: HandlerRunnerParts) {
    this.#parts = parts;
  }

  /** The attempt that started last. */
  get lastTrace(): AttemptTrace | undefined {
    return this.#lastTrace;
  }

  /** Returns a promise only if the handler does not answer at once. Undefined: another process has the job now. */
  run(running: RunningJob, entry: ParsedEntry, task: LoadedTask): MaybePromise<Outcome | undefined> {
    const { consumer, clock, heartbeat, handOvers, observe, spans } = this.#parts;
    if (handOvers !== undefined && isSuspect(running)) return this.#handOver(handOvers, running);
    const limitMs = timeoutMs(entry.options, task);
    running.deadline = clock.monotonic() + limitMs;
    heartbeat.attemptStarts(running.deadline);
    if (spans !== undefined) running.span = spans.begin(subjectOf(running, consumer.name));
    if (observe.wants('attempt-started')) {
      observe({ kind: 'attempt-started', ...subjectOf(running, consumer.name), waitMs: waitMsOf(running) });
    }
    const context = new AttemptContext(this.#parts, running, entry, task);
    const trace = new AttemptTrace(context.job, running);
    this.#lastTrace = trace;
    const kill = task.thread ? new AbortController() : undefined;
    const { span } = running;
    const handlerOutcome = kill
      ? this.#runInThread(running, task, entry.payload, context, kill.signal)
      : span === undefined
        ? callHandler(task.handler, entry.value, context, clock, trace)
        : span.run(() => callHandler(task.handler, entry.value, context, clock, trace));
    if (handlerOutcome instanceof Promise) {
      const outcome = this.#waitForEnd(running, task, handlerOutcome, limitMs, kill);
      return outcome.finally(() => {
        trace.handlerEnded();
        context.close();
      });
    }
    trace.handlerEnded();
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
    const ended = await Promise.race([handlerOutcome, running.givenUp]);
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

  /** Waiting for a free process would hold up other jobs, and another worker could run this one: it is released. */
  async #handOver(handOvers: HandOvers, running: RunningJob): Promise<Outcome | undefined> {
    const isDone = await Promise.race([handOvers.request(running), running.givenUp]);
    if (isDone) return undefined;
    const released: Outcome = { kind: 'released', delayMs: NO_PROCESS_DELAY_MS };
    return applyAbort(running, released, 0, this.#parts.clock);
  }

  #runInThread(
    running: RunningJob,
    task: LoadedTask,
    payload: string,
    ctx: TaskContext,
    kill: AbortSignal,
  ): Promise<Outcome> {
    const { threads, clock } = this.#parts;
    const { checkpoint } = running.delivery;
    const isolated = {
      file: task.file,
      payload,
      job: ctx.job,
      ...(ctx.trace !== undefined && { trace: ctx.trace }),
      ...(checkpoint !== undefined && { checkpoint }),
    };
    return threads.run(isolated, ctx, kill).catch((error: unknown) => {
      // The thread has ended without an outcome: killed, or by itself (process.exit, out of memory).
      const message = `The thread of the task ended: ${error instanceof Error ? error.message : String(error)}`;
      return detectedFailure('thread-lost', message, running.attempt, clock.wall(), { retryable: true });
    });
  }
}
