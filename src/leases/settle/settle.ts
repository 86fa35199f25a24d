import { createHash } from 'node:crypto';
import { attemptSubject, observeAttemptEnd } from '../../attempts/attempt-events.ts';
import type { AppError } from '../../errors.ts';
import { type LeasedJob, MAX_LEASED } from '../../schemas/lease.ts';
import type { SettledJob } from '../../schemas/settle.ts';
import { Slices } from '../../slices.ts';
import { staleError } from '../stale-lease.ts';
import { visitsByDigest } from '../take/queue-shares.ts';
import { earlier } from '../take/taken-jobs.ts';
import {
  isDrained,
  MAX_PAYLOAD_BYTES,
  NOTHING_TAKEN,
  type TakeRequest,
  type TakeResult,
  type Taker,
} from '../take/taker.ts';
import { type ItemOutcome, settleUncompleted, staleOutcome } from './plan-items.ts';
import { isLeaseActive, planQueues, type QueuePlan, type QueuePlanParts } from './plan-queues.ts';
import type { JobReport } from './reports.ts';

export type SettledOutcome = ({ ok: true } & SettledJob) | { id: string; ok: false; error: AppError };

export interface SettleParts extends QueuePlanParts {
  readonly taker: Taker;
  /** Tasks that the worker has; undefined stands for all. */
  readonly tasks: ReadonlySet<string> | undefined;
  /** The worker is to drain. */
  readonly isDraining?: boolean;
}

export interface SettleResult {
  /** In the order of the reports. */
  outcomes: SettledOutcome[];
  jobs: LeasedJob[];
  /** End of the lease, Unix ms, where jobs were to be taken; undefined when it has ended. */
  expiresAt: number | undefined;
  /** Digest of a request that takes jobs. */
  requestDigest: string | undefined;
  /** The lease has ended, so no jobs were taken under it. */
  hasLeaseEnded: boolean;
}

type QueueStep = Omit<TakeRequest, 'consumer' | 'keys' | 'leaseMs' | 'tasks' | 'completions' | 'latency'>;

/** Reports of one step: the most jobs that a lease takes at once. */
const STEP = MAX_LEASED;

/** Settles jobs of a lease in steps; the last step takes up to `next` jobs, too. */
export async function settle(parts: SettleParts, reports: readonly JobReport[]): Promise<SettleResult> {
  const outcomes: SettledOutcome[] = [];
  const slices = new Slices();
  let first = 0;
  for (; reports.length - first > STEP; first += STEP) {
    const step = await settleStep({ ...parts, next: 0 }, reports.slice(first, first + STEP));
    outcomes.push(...step.outcomes);
    if (slices.isOver) await slices.next();
  }
  const last = await settleStep(parts, first === 0 ? reports : reports.slice(first));
  return first === 0 ? last : { ...last, outcomes: [...outcomes, ...last.outcomes] };
}

/**
 * Settles jobs of a lease, and takes up to `next` jobs. First plans all queues, since nothing may be taken before it is
 * known whether the lease holds a job in any of them. Then goes through the queues in their order, after a share of a later one.
 */
async function settleStep(parts: SettleParts, reports: readonly JobReport[]): Promise<SettleResult> {
  const { next } = parts;
  const outcomes = reports.map(({ id }) => staleOutcome(id));
  const plans = await planQueues(parts, reports, outcomes);
  const requestDigest = next > 0 ? digest(reports, next) : undefined;
  const request = {
    requestDigest,
    isDraining: parts.isDraining,
    highestToken: highestToken(plans),
    isLeaseActive: await isLeaseActive(parts, plans),
  };
  const jobs: LeasedJob[] = [];
  let expiresAt: number | undefined;
  let byteBudget = MAX_PAYLOAD_BYTES;
  const ended: boolean[] = [];
  let drained: number | undefined;
  for (const { index, most, isAgain } of visitsByDigest(plans.length, next, requestDigest ?? '')) {
    const plan = plans[index];
    const count = byteBudget > 0 ? Math.min(most, next - jobs.length) : 0;
    if (plan === undefined || (isAgain && (count < 1 || index === drained))) continue;
    const step = { ...request, count, byteBudget, isAgain };
    const result = await settleQueue(parts, isAgain ? settledPlan(plan) : plan, step, outcomes);
    byteBudget -= result.payloadSize;
    jobs.push(...result.jobs);
    expiresAt = earlier(expiresAt, result.expiresAt);
    if (count > 0) ended.push(result.hasLeaseEnded);
    if (count > 0 && isDrained(result, count)) drained = index;
  }
  const rank = new Map(plans.map(({ keys }, i) => [keys.queue, i]));
  return {
    jobs: jobs.sort((one, other) => (rank.get(one.queue) ?? 0) - (rank.get(other.queue) ?? 0)),
    expiresAt,
    requestDigest,
    hasLeaseEnded: ended.length > 0 && !ended.includes(false),
    outcomes: await Promise.all(outcomes.map((outcome, i) => explain(parts, outcome, reports[i]?.kind))),
  };
}

/**
 * Completes and takes in one script, then settles failed and released jobs. Before the take they could be taken by this
 * very request, and a repetition of it would fail their next attempt.
 */
async function settleQueue(
  { core, taker, lease: { leaseMs }, consumer, tasks }: SettleParts,
  { keys, completions, uncompleted, latency, held }: QueuePlan,
  step: QueueStep,
  outcomes: ItemOutcome[],
): Promise<TakeResult> {
  const takes = step.count > 0;
  const renews = step.requestDigest !== undefined && step.isLeaseActive;
  // A queue without jobs of the lease may not even exist: leave it alone.
  if (!takes && held === 0 && !renews) return NOTHING_TAKEN;
  if (!takes) await settleUncompleted(core, consumer, keys, uncompleted, outcomes);
  const result = await taker.take({
    ...step,
    consumer,
    keys,
    leaseMs,
    tasks,
    completions: completions.map(({ completion }) => completion),
    latency,
  });
  completions.forEach(({ item: { index, report }, delivery, completion }, i) => {
    const settled = result.settled[i] ?? 'stale';
    const status = completion.status === 'cancelled' ? 'cancelled' : 'completed';
    outcomes[index] = settled === 'stale' ? staleOutcome(report.id) : { id: report.id, ok: true, status };
    if (!core.observe.wants('attempt-ended')) return;
    const subject = attemptSubject(keys, delivery, consumer.name);
    observeAttemptEnd(core.observe, subject, status, { settled, status: undefined }, delivery);
  });
  if (!takes || uncompleted.length === 0) return result;
  await settleUncompleted(core, consumer, keys, uncompleted, outcomes);
  // One of them may have been the last job that the lease held in the queue.
  const hasEnded = result.jobs.length === 0 && (await consumer.endIfIdle(keys));
  return hasEnded ? { ...result, expiresAt: undefined } : result;
}

/** The queue takes again: its reports are settled. */
const settledPlan = (plan: QueuePlan): QueuePlan => ({
  ...plan,
  completions: [],
  uncompleted: [],
  latency: new Map(),
});

const highestToken = (plans: readonly QueuePlan[]): number =>
  plans
    .flatMap(({ uncompleted }) => uncompleted)
    .reduce((highest, { delivery }) => Math.max(highest, delivery.token), 0);

/** Equal for a repeated request. Includes the results: a refused result is corrected under the same job id. */
function digest(reports: readonly JobReport[], next: number): string {
  const texts = reports.map((report) => [
    report.id,
    report.kind,
    report.kind === 'completed' ? report.result.text : '',
  ]);
  return createHash('sha1')
    .update(JSON.stringify([next, texts]))
    .digest('base64url');
}

/** Replaces `stale` by an error with the job's present status. */
async function explain(
  { core, lease }: SettleParts,
  outcome: ItemOutcome,
  move = '',
): Promise<SettledOutcome> {
  if (outcome.ok || outcome.error !== 'stale') return outcome as SettledOutcome;
  const { id } = outcome;
  return { id, ok: false, error: await staleError(core, id, { lease: lease.consumer, move }) };
}
