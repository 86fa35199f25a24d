import type { Core } from '../core/core.ts';
import type { Consumer } from '../lifecycle/consumer.ts';
import type { Settled } from '../lifecycle/scripts/complete.ts';
import type { Held } from '../lifecycle/scripts/release.ts';
import type { AttemptTimes } from '../observer.ts';
import { maxAttempts, type TaskDefaults } from '../redis/entry-options.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { Backoff } from '../schemas/job.ts';
import { printJson } from '../schemas/json/json-text.ts';
import { attemptSubject, observeAttemptEnd, observeFailure } from './attempt-events.ts';
import { backoffMs, DEFAULT_BACKOFF } from './backoff.ts';
import type { HeldDelivery } from './completion.ts';
import type { Outcome } from './outcome.ts';

/** An outcome that leaves no result record. */
export type OutcomeWithoutResult = Exclude<Outcome, { kind: 'completed' | 'cancelled' | 'expired' }>;

/** How a job goes on without a result; `error` is JSON text, empty when its errors are stored already. */
export type NextStep =
  | { kind: 'release'; delayMs: number; isSuspect?: boolean }
  | { kind: 'retry'; error: string; delayMs: number }
  | { kind: 'bury'; error: string };

/** Status of a job that goes on without a result. */
export type UnfinishedStatus = 'retrying' | 'failed';

export const statusAfter = ({ kind }: NextStep): UnfinishedStatus =>
  kind === 'bury' ? 'failed' : 'retrying';

/** The wait before the next attempt after a failure; undefined when none follows. */
export const retryInMs = (step: NextStep): number | undefined =>
  step.kind === 'retry' ? step.delayMs : undefined;

/** What follows a failed attempt: another one after `delayMs`, or the dead letters. */
export type Decision = { kind: 'retry'; delayMs: number } | { kind: 'bury' };

export interface FailedAttempt {
  /** From 1. */
  attempt: number;
  maxAttempts: number;
  backoff: Backoff | undefined;
  /** False when the handler has said that another attempt is useless. */
  retryable: boolean;
  /** Delay that the handler has set, ms. It replaces the backoff. */
  retryInMs: number | undefined;
}

/** @param random see `backoffMs`. */
export function decide(failed: FailedAttempt, random: number): Decision {
  if (!failed.retryable || failed.attempt >= failed.maxAttempts) return { kind: 'bury' };
  const delayMs = failed.retryInMs ?? backoffMs(failed.backoff ?? DEFAULT_BACKOFF, failed.attempt, random);
  return { kind: 'retry', delayMs };
}

/** Decides whether the job is released, retried or buried. */
export function nextStep(
  { entry, attempt }: HeldDelivery,
  outcome: OutcomeWithoutResult,
  task: TaskDefaults | undefined,
): NextStep {
  switch (outcome.kind) {
    case 'released':
      return {
        kind: 'release',
        delayMs: outcome.delayMs,
        ...(outcome.isSuspect === true && { isSuspect: true }),
      };
    case 'lost':
      // The lease may have been registered again: release the job if it is still ours, else the fence rejects it.
      return { kind: 'release', delayMs: 0 };
    case 'exhausted':
      return { kind: 'bury', error: '' };
    case 'failed': {
      const options = entry?.options ?? {};
      const { retryable, retryInMs } = outcome;
      const failed = {
        attempt,
        maxAttempts: maxAttempts(options, task),
        backoff: options.b ?? task?.backoff,
        retryable,
        retryInMs,
      };
      return { ...decide(failed, Math.random()), error: printJson(outcome.error) };
    }
  }
}

/** Moves the job by one script. The writer is a `Consumer`, or one that repeats what Redis could not take. */
export async function writeStep(
  writer: Pick<Consumer, 'retry' | 'bury' | 'release'>,
  keys: QueueKeys,
  job: Held,
  step: NextStep,
  maxDead: number,
): Promise<Settled> {
  const { ref, token, begun } = job;
  if (step.kind === 'retry') return writer.retry(keys, { ref, token, error: step.error }, step.delayMs);
  if (step.kind === 'bury') return writer.bury(keys, { ref, token, error: step.error }, maxDead);
  const { delayMs, isSuspect = false } = step;
  const [settled = 'stale'] = await writer.release(keys, [{ ref, token, begun, isSuspect }], delayMs);
  return settled;
}

/** Settles a job of an HTTP lease, and reports the end of its attempt; `next` is the job's status afterwards. */
export async function settleWithoutResult(
  core: Core,
  consumer: Consumer,
  keys: QueueKeys,
  held: HeldDelivery & AttemptTimes,
  outcome: OutcomeWithoutResult,
  task: TaskDefaults | undefined,
): Promise<{ settled: Settled; next: UnfinishedStatus }> {
  const { settings, observe } = core;
  const step = nextStep(held, outcome, task);
  const subject = attemptSubject(keys, held, consumer.name);
  if (outcome.kind === 'failed') observeFailure(observe, subject, outcome, retryInMs(step));
  const { ref, token } = held;
  const settled = await writeStep(consumer, keys, { ref, token, begun: true }, step, settings.deadMax);
  const next = statusAfter(step);
  if (observe.wants('attempt-ended')) {
    observeAttemptEnd(observe, subject, outcome.kind, { settled, status: next }, held);
  }
  return { settled, next };
}
