import { AppError, isOfRedis } from '../../errors.ts';
import type { Observer } from '../../observer.ts';
import { DEFAULT_QUEUE, type SubmitJob } from '../../schemas/job.ts';
import type { Candidate, SubmitOutcome } from './outcomes.ts';

type SubmitKind = 'jobs-submitted' | 'submit-replayed';

/** Reports one job, by its id, that was stored now, or by an earlier request with the same Idempotency-Key. */
export function observeSubmit(
  observe: Observer,
  kind: SubmitKind,
  queue: string,
  task: string,
  job: string,
): void {
  if (observe.wants(kind)) observe({ kind, queue, task, jobs: 1, job });
}

/** Reports a job that was refused. Errors of Redis and defects are not refusals. */
export function observeRefusal(observe: Observer, job: SubmitJob, error: unknown): void {
  if (!(error instanceof AppError) || isOfRedis(error.code)) return;
  if (!observe.wants('submit-refused')) return;
  const { queue = DEFAULT_QUEUE, task } = job;
  observe({ kind: 'submit-refused', queue, task, jobs: 1, code: error.code });
}

/**
 * Reports a bulk submit: one event for each queue, task and outcome. Jobs that do not fit the schema are left out, and so
 * are those with the id '': they were not stored since others of their batch are refused.
 */
export function observeBulkSubmit(
  observe: Observer,
  kind: SubmitKind,
  candidates: readonly Candidate[],
  outcomes: readonly SubmitOutcome[],
): void {
  if (!observe.wants(kind) && !observe.wants('submit-refused')) return;
  const groups = new Map<string, { queue: string; task: string; jobs: number; code: string }>();
  outcomes.forEach((outcome, i) => {
    const candidate = candidates[i];
    if (!candidate?.ok || !isTold(outcome, kind)) return;
    const { queue = DEFAULT_QUEUE, task } = candidate.job;
    const code = outcome.ok ? '' : outcome.error.code;
    // No name holds a space.
    const name = `${queue} ${task} ${code}`;
    const group = groups.get(name) ?? { queue, task, jobs: 0, code };
    group.jobs += 1;
    groups.set(name, group);
  });
  for (const { code, ...group } of groups.values()) {
    if (code === '') observe({ kind, ...group });
    else observe({ kind: 'submit-refused', ...group, code });
  }
}

/** A job that was stored or refused; with an Idempotency-Key that was used before, also one that was answered with another. */
const isTold = (outcome: SubmitOutcome, kind: SubmitKind): boolean =>
  outcome.ok
    ? outcome.id !== '' && (outcome.answer === undefined || kind === 'submit-replayed')
    : !isOfRedis(outcome.error.code);
