import { detectedFailure } from '../attempts/outcome.ts';
import { settleWithoutResult } from '../attempts/settle-failure.ts';
import type { Core } from '../core/core.ts';
import { cancelJob } from '../lifecycle/cancel-and-expire.ts';
import { CANCEL_PATIENCE_MS } from '../lifecycle/scripts/cancel.ts';
import { decodeEntry } from '../redis/entry.ts';
import { timeoutMs } from '../redis/entry-options.ts';
import { formatJobId } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { MAX_LEASED } from '../schemas/lease.ts';
import type { AnnouncedTasks } from '../tasks/directory.ts';
import type { LeaseConsumer } from './lease-consumer.ts';
import type { HeldJob } from './scripts/heartbeat.ts';

/** What a heartbeat found in one queue. */
interface QueueRenewal {
  /** The lease existed in the queue before the heartbeat. */
  wasActive: boolean;
  /** End of the lease, Unix ms; undefined when it has ended in the queue, perhaps by this heartbeat. */
  expiresAt: number | undefined;
  /** Ids of jobs that the worker is to stop. */
  cancel: string[];
  isPaused: boolean;
}

/** Most held jobs that one heartbeat checks: a lease may hold more than one request takes. */
const MAX_CHECKED = 10 * MAX_LEASED;

/**
 * Renews a lease in one queue, if it has not ended there. Jobs that run beyond their timeout, or long after their
 * cancel, are taken from the worker.
 */
export async function renew(
  core: Core,
  consumer: LeaseConsumer,
  keys: QueueKeys,
  leaseMs: number,
): Promise<QueueRenewal> {
  const [reply, known] = await Promise.all([
    consumer.heartbeat(keys, leaseMs, MAX_CHECKED),
    core.tasks.announced(keys),
  ]);
  const checks = await Promise.all(
    reply.jobs.map((job) => checkHeldJob({ core, consumer, keys, known }, job)),
  );
  const taken = checks.filter((check) => check === 'taken').length;
  // The lease ends with its last job, even if that job was taken from it.
  const hasEnded = taken > 0 && taken === reply.jobs.length && (await consumer.endIfIdle(keys));
  return {
    wasActive: reply.expiresAt !== undefined,
    expiresAt: hasEnded ? undefined : reply.expiresAt,
    cancel: reply.jobs.flatMap(({ ref }, i) => (checks[i] === 'run' ? [] : [formatJobId(keys.queue, ref)])),
    isPaused: reply.paused,
  };
}

interface HeldJobParts {
  readonly core: Core;
  readonly consumer: LeaseConsumer;
  readonly keys: QueueKeys;
  readonly known: AnnouncedTasks;
}

/** `run`: the worker may go on; `stop`: it is to stop the job; `taken`: the lease does not hold the job any more. */
async function checkHeldJob(parts: HeldJobParts, job: HeldJob): Promise<'run' | 'stop' | 'taken'> {
  if (job.cancelAskedMs === undefined) return (await failIfOverdue(parts, job)) ? 'taken' : 'run';
  if (job.cancelAskedMs < CANCEL_PATIENCE_MS) return 'stop';
  const { core, keys } = parts;
  await cancelJob(core, keys, job.ref, 'enforce');
  return 'taken';
}

/** Fails an attempt that has run longer than its timeout; tells whether it has. */
async function failIfOverdue({ core, consumer, keys, known }: HeldJobParts, job: HeldJob): Promise<boolean> {
  const entry = decodeEntry(job.fields);
  const task = entry && known.defaults(entry.task);
  const limitMs = timeoutMs(entry?.options ?? {}, task);
  if (job.runMs <= limitMs) return false;
  const message = `The attempt took longer than its timeout of ${limitMs} ms`;
  const outcome = detectedFailure('timeout', message, job.attempt, core.clock.wall(), { retryable: true });
  await settleWithoutResult(core, consumer, keys, { ...job, entry }, outcome, task);
  return true;
}
