import type { Core } from '../core/core.ts';
import { formatJobId } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { MAX_LEASED } from '../schemas/lease.ts';
import { checkHeldJob } from './held-job.ts';
import type { LeaseConsumer } from './lease-consumer.ts';

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
