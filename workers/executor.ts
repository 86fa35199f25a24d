import type { Clock } from '../src/clock.ts';
import type { Consumer } from '../src/queue/consume.ts';
import { isUnavailable } from '../src/redis/connect.ts';
import { type Entry, entryTime, expiryOf, maxAttempts, timeoutMs } from '../src/redis/entry.ts';
import type { LoadedTask, TaskContext } from '../src/tasks/types.ts';
import { callHandler, checkResult } from './attempt.ts';
import type { Heart } from './heart.ts';
import type { Isolates } from './isolates.ts';
import { failure, type Outcome, refusal } from './outcome.ts';
import { progressReporter } from './progress.ts';
import type { Running } from './running.ts';
import { type SettleParts, settle } from './settle.ts';
import type { Threads } from './threads.ts';

export interface ExecutorParts extends SettleParts {
  consumer: Consumer;
  threads: Threads;
  isolates: Isolates;
  clock: Clock;
  heart: Heart;
}

/** A job that so many processes died with is suspected to be the cause. */
const ISOLATE_FROM = 2;
const isSuspect = ({ delivery }: Running): boolean => delivery.losses >= ISOLATE_FROM;
/** When a suspect that found no room is tried again. */
const NO_ROOM_MS = 1_000;

/** Takes one delivery from decoding to settling. */
export class Executor {
  readonly #parts: ExecutorParts;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  /** Never rejects: whatever goes wrong is an outcome, or is reported. */
  readonly execute = async (running: Running): Promise<void> => {
    const { clock, observe } = this.#parts;
    const began = clock.monotonic();
    try {
      const outcome = await this.#outcome(running).catch((thrown: unknown) =>
        failure(thrown, running.attempt, clock.wall()),
      );
      running.end();
      const runMs = clock.monotonic() - began;
      const settled = await settle(this.#parts, running, outcome, runMs);
      const { id, entry, delivery } = running;
      if (settled === 'stale') observe({ kind: 'stale', job: id, move: outcome.kind });
      observe({
        kind: 'attempt-ended',
        job: id,
        task: entry?.task ?? '',
        attempt: delivery.attempt,
        outcome: outcome.kind,
        runMs: Math.round(runMs),
      });
    } catch (error) {
      // Redis was away until the stop gave up writing: the lease runs out, and the job runs elsewhere.
      observe({ kind: isUnavailable(error) ? 'redis-trouble' : 'defect', where: `job ${running.id}`, error });
    }
  };

  /** What can be said without running, else what the run says. */
  async #outcome(running: Running): Promise<Outcome> {
    const { entry, delivery } = running;
    const now = this.#parts.clock.wall();
    const refuse = (name: string, message: string, more: { retryable: boolean; data?: unknown }) =>
      refusal(name, message, delivery.attempt, now, more);
    if (entry === undefined) {
      return refuse('malformed-entry', 'The entry is not a job: it needs the fields t, p (JSON) and o', {
        retryable: false,
      });
    }
    if (delivery.cancelAsked) return { kind: 'cancelled' };
    const expiry = expiryOf(entryTime(delivery.entryId), entry.options);
    if (delivery.token === 1 && !delivery.begun && expiry !== undefined && expiry <= delivery.takenAt)
      return { kind: 'expired' };
    const task = this.#parts.tasks.get(entry.task);
    if (delivery.attempt > maxAttempts(entry.options, task)) return { kind: 'exhausted' };
    if (task === undefined) {
      return refuse('unknown-task', `This worker has no task "${entry.task}"`, { retryable: true });
    }
    const payload: unknown = JSON.parse(entry.payload);
    const faults = task.validateInput(payload);
    if (faults.length > 0) {
      const message = `The payload does not fit the input schema of the task "${task.name}"`;
      return refuse('invalid-payload', message, { retryable: false, data: faults });
    }
    return this.#run(running, entry, task, payload);
  }

  async #run(running: Running, entry: Entry, task: LoadedTask, payload: unknown): Promise<Outcome> {
    const { consumer, observe, clock, heart, isolates } = this.#parts;
    // Waiting for room here would keep others from running, and this from running elsewhere.
    if (isSuspect(running) && !isolates.hasRoom) return { kind: 'released', delayMs: NO_ROOM_MS };
    const progress = progressReporter(consumer, running, observe);
    const limit = timeoutMs(entry.options, task);
    running.deadline = clock.monotonic() + limit;
    heart.begin(running.deadline);
    const timer = setTimeout(() => running.abort('timeout'), limit);
    const kill = new AbortController();
    const ctx = this.#context(running, entry, task, progress.report);
    const work = this.#start(running, task, payload, ctx, kill.signal);
    const ended = await Promise.race([work, running.givenUp.then(() => undefined)]);
    clearTimeout(timer);
    progress.stop();
    if (ended === undefined) kill.abort();
    const checked = ended && checkResult(task, ended, running.attempt, this.#parts.maxResultBytes);
    return byCause(running, checked, limit);
  }

  /** Here, in a thread, or, where processes died with the job, in one of its own. */
  #start(
    running: Running,
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
    if (task.thread) {
      return threads
        .run(apart, ctx, kill)
        .catch(lost(running, 'thread-lost', 'The thread of the task ended'));
    }
    return callHandler(task.handler, payload, ctx);
  }

  #context(
    running: Running,
    entry: Entry,
    task: LoadedTask,
    progress: (value: unknown) => void,
  ): TaskContext {
    const { consumer, observe } = this.#parts;
    return {
      job: {
        id: running.id,
        queue: running.delivery.keys.queue,
        task: entry.task,
        attempt: running.delivery.attempt,
        maxAttempts: maxAttempts(entry.options, task),
        lease: consumer.name,
      },
      signal: running.signal,
      progress,
      log: (text) => observe({ kind: 'task-log', job: running.id, task: entry.task, text: String(text) }),
    };
  }
}

/** A thread or process that ended without an outcome: killed by us, or by itself (process.exit, out of memory). */
const lost =
  (running: Running, name: string, what: string) =>
  (error: unknown): Outcome => {
    const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    return refusal(name, message, running.delivery.attempt, Date.now(), { retryable: true });
  };

/** The cause of an abort decides, whichever of handler and signal came first. */
function byCause(running: Running, ended: Outcome | undefined, limitMs: number): Outcome {
  const cause = running.abortCause;
  if (cause === undefined) return ended ?? { kind: 'released', delayMs: 0 };
  const succeeded = ended?.kind === 'completed';
  if (cause === 'lease-lost') return { kind: 'lost' };
  if (cause === 'cancelled') return succeeded ? ended : { kind: 'cancelled' };
  if (cause === 'shutdown') return succeeded ? ended : { kind: 'released', delayMs: 0 };
  const message = `The attempt took longer than its timeout of ${limitMs} ms`;
  return refusal('timeout', message, running.delivery.attempt, Date.now(), { retryable: true });
}
