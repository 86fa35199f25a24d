import type { Core } from '../core/core.ts';
import { decodeEntry } from '../redis/entry.ts';
import { firstRef } from '../redis/entry-options.ts';
import { formatJobId } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { checkHeldJob } from './held-job.ts';
import type { LeaseConsumer } from './lease-consumer.ts';
import type { HeldJob } from './scripts/heartbeat.ts';

const idOf = ({ queue }: QueueKeys, { ref, fields }: HeldJob): string =>
  formatJobId(queue, firstRef(ref, decodeEntry(fields)?.options ?? {}));

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

/** Most jobs that one heartbeat tells a worker to stop; the next one tells more. */
const MOST_CANCELS = 10_000;

/**
 * Renews a lease in one queue, if it has not ended there. Jobs that run beyond their timeout, or long after their
 * cancel, are taken from the worker. Timeouts are looked for only when one may have come: that reads every job of the lease.
 */
export async function renew(
  core: Core,
  consumer: LeaseConsumer,
  keys: QueueKeys,
  leaseMs: number,
): Promise<QueueRenewal> {
  const which = core.deadlines.mayBeDue(keys.queue) ? 'all' : 'cancelled';
  const [first, known] = await Promise.all([
    consumer.heartbeat(keys, leaseMs, which),
    core.tasks.announced(keys),
  ]);
  const cancel: string[] = [];
  let hasLost = false;
  let reply = first;
  for (;;) {
    const { jobs, next } = reply;
    const checks = await Promise.all(jobs.map((job) => checkHeldJob({ core, consumer, keys, known }, job)));
    hasLost ||= checks.includes('taken');
    cancel.push(...jobs.flatMap((job, i) => (checks[i] === 'run' ? [] : [idOf(keys, job)])));
    if (next === undefined || cancel.length >= MOST_CANCELS) break;
    reply = await consumer.heartbeat(keys, leaseMs, which, next);
  }
  // The lease ends with its last job, even if that job was taken from it.
  const hasEnded = hasLost && (await consumer.endIfIdle(keys));
  return {
    wasActive: first.expiresAt !== undefined,
    expiresAt: hasEnded ? undefined : reply.expiresAt,
    cancel,
    isPaused: first.paused,
  };
}
