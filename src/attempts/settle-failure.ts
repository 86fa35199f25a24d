import type { Core } from '../core/core.ts';
import type { Consumer } from '../lifecycle/consumer.ts';
import type { Settled } from '../lifecycle/scripts/complete.ts';
import type { Held } from '../lifecycle/scripts/release.ts';
import type { Failure, Retry } from '../lifecycle/scripts/retry.ts';
import type { AttemptTimes } from '../observer.ts';
import { maxAttempts, type TaskDefaults } from '../redis/entry-options.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { Backoff } from '../schemas/job.ts';
import { printJson } from '../schemas/json/json-text.ts';
import { type AttemptLimit, isLastAttempt } from '../schemas/values/attempts.ts';
import { Slices } from '../slices.ts';
import { attemptSubject, observeAttemptEnd, observeFailure } from './attempt-events.ts';
import { backoffMs, DEFAULT_BACKOFF } from './backoff.ts';
import type { HeldDelivery } from './completion.ts';
import type { Outcome } from './outcome.ts';

/** An outcome that leaves no result record. */
export type OutcomeWithoutResult = Exclude<Outcome, { kind: 'completed' | 'cancelled' | 'expired' | 'held' }>;

/** How a job goes on without a result; `error` is JSON text, empty when its errors are stored already. */
export type NextStep =
  | { kind: 'release'; delayMs: number; isSuspect?: boolean }
  | { kind: 'retry'; error: string; delayMs: number }
  | { kind: 'bury'; error: string };

/** Status of a job that goes on without a result. */
export type UnfinishedStatus = 'queued' | 'retrying' | 'failed';

export const statusAfter = (step: NextStep): UnfinishedStatus =>
  step.kind === 'bury' ? 'failed' : statusUntil(step.delayMs);

/** Status of a job that was delivered before and waits for that long; one whose time has come is queued. */
export const statusUntil = (delayMs: number): UnfinishedStatus => (delayMs > 0 ? 'retrying' : 'queued');

/** The wait before the next attempt after a failure; undefined when none follows. */
export const retryInMs = (step: NextStep): number | undefined =>
  step.kind === 'retry' ? step.delayMs : undefined;

/** What follows a failed attempt: another one after `delayMs`, or the dead letters. */
export type Decision = { kind: 'retry'; delayMs: number } | { kind: 'bury' };

export interface FailedAttempt {
  /** From 1. */
  attempt: number;
  maxAttempts: AttemptLimit;
  backoff: Backoff | undefined;
  /** False when the handler has said that another attempt is useless. */
  retryable: boolean;
  /** Delay that the handler has set, ms. It replaces the backoff. */
  retryInMs: number | undefined;
}

/** @param random see `backoffMs`. */
export function decide(failed: FailedAttempt, random: number): Decision {
  if (!failed.retryable || isLastAttempt(failed.attempt, failed.maxAttempts)) return { kind: 'bury' };
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

/** A job of an HTTP lease whose attempt has ended without a result. */
export interface Unfinished {
  readonly held: HeldDelivery & AttemptTimes;
  readonly outcome: OutcomeWithoutResult;
  readonly task: TaskDefaults | undefined;
}

/** `next`: the status of the job afterwards; `retryInMs`: the wait before the next attempt after a failure. */
export interface SettledUnfinished {
  readonly settled: Settled;
  readonly next: UnfinishedStatus;
  readonly retryInMs: number | undefined;
}

/** Settles a job of an HTTP lease, and reports the end of its attempt. */
export async function settleWithoutResult(
  core: Core,
  consumer: Consumer,
  keys: QueueKeys,
  held: HeldDelivery & AttemptTimes,
  outcome: OutcomeWithoutResult,
  task: TaskDefaults | undefined,
): Promise<SettledUnfinished> {
  const [settled] = await settleAllWithoutResult(core, consumer, keys, [{ held, outcome, task }]);
  if (settled === undefined) throw new Error('a job was settled without an outcome');
  return settled;
}

/** Settles jobs of an HTTP lease in one queue, in few calls, and reports the ends of their attempts. Other requests get their turn in between. */
export async function settleAllWithoutResult(
  core: Core,
  consumer: Consumer,
  keys: QueueKeys,
  unfinished: readonly Unfinished[],
): Promise<SettledUnfinished[]> {
  const { settings, observe } = core;
  const slices = new Slices();
  const moves = await slices.map(unfinished, ({ held, outcome, task }, index): Move => {
    const step = nextStep(held, outcome, task);
    if (outcome.kind === 'failed') {
      observeFailure(observe, attemptSubject(keys, held, consumer.name), outcome, {
        retryInMs: retryInMs(step),
        maxAttempts: maxAttempts(held.entry?.options ?? {}, task),
      });
    }
    const { ref, token } = held;
    return { index, job: { ref, token, begun: true }, step };
  });
  const settled = await writeMoves(consumer, keys, moves, settings.deadMax);
  const ends = moves.map(({ step }, i) => ({
    settled: settled[i] ?? 'stale',
    next: statusAfter(step),
    retryInMs: retryInMs(step),
  }));
  if (!observe.wants('attempt-ended')) return ends;
  for (const [i, { settled, next: status }] of ends.entries()) {
    if (slices.isOver) await slices.next();
    const { held, outcome } = unfinished[i] as Unfinished;
    const subject = attemptSubject(keys, held, consumer.name);
    const error = outcome.kind === 'failed' ? outcome.error : undefined;
    observeAttemptEnd(observe, subject, outcome.kind, { settled, status, error }, held);
  }
  return ends;
}

interface Move {
  readonly index: number;
  readonly job: Held;
  readonly step: NextStep;
}

/** Moves the jobs, those of one kind together; outcomes are in the order of the moves. */
async function writeMoves(
  consumer: Consumer,
  keys: QueueKeys,
  moves: readonly Move[],
  maxDead: number,
): Promise<Settled[]> {
  const retries: (Retry & { index: number })[] = [];
  const failures: (Failure & { index: number })[] = [];
  /** By delay: a release has one for all of its jobs. */
  const releases = new Map<number, (Held & { index: number })[]>();
  for (const { index, job, step } of moves) {
    const { ref, token } = job;
    if (step.kind === 'retry') retries.push({ index, ref, token, error: step.error, delayMs: step.delayMs });
    else if (step.kind === 'bury') failures.push({ index, ref, token, error: step.error });
    else {
      const group = releases.get(step.delayMs) ?? [];
      group.push({ index, ...job });
      releases.set(step.delayMs, group);
    }
  }
  const settled: Settled[] = [];
  const record = (group: readonly { index: number }[], outcomes: readonly Settled[]) =>
    outcomes.forEach((outcome, i) => {
      settled[group[i]?.index ?? -1] = outcome;
    });
  record(retries, await consumer.retryAll(keys, retries));
  record(failures, await consumer.buryAll(keys, failures, maxDead));
  for (const [delayMs, group] of releases) record(group, await consumer.release(keys, group, delayMs));
  return settled;
}
