import type { Core } from '../core/core.ts';
import { cancelJob } from '../lifecycle/cancel.ts';
import { refusal } from '../lifecycle/outcome.ts';
import { CANCEL_PATIENCE_MS } from '../lifecycle/scripts/cancel.ts';
import { settleWithoutResult } from '../lifecycle/settle-failure.ts';
import { decodeEntry, formatJobId, timeoutMs } from '../redis/entry.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { MAX_LEASED } from '../schemas/lease.ts';
import type { LeaseConsumer } from './lease-consumer.ts';
import type { HeldJob } from './scripts/heartbeat.ts';

interface Renewed {
  /** It had not ended in the queue before. */
  wasAlive: boolean;
  /** End of the lease, Unix ms; undefined when it has ended in the queue, be it by this. */
  expiresAt: number | undefined;
  /** Ids of jobs that the worker is to stop. */
  cancel: string[];
  isPaused: boolean;
}

/** A lease may hold more than one request takes. */
const MOST_TOLD = 10 * MAX_LEASED;

/**
 * Renews a lease in one queue, if it has not ended there. What its worker should have stopped long ago, or
 * runs beyond its timeout, is taken from it.
 */
export async function renew(
  core: Core,
  consumer: LeaseConsumer,
  keys: QueueKeys,
  leaseMs: number,
): Promise<Renewed> {
  const [beat, known] = await Promise.all([consumer.beat(keys, leaseMs, MOST_TOLD), core.tasks.known(keys)]);
  const overdue = (job: HeldJob): number | undefined => {
    const entry = decodeEntry(job.fields);
    const limit = timeoutMs(entry?.options ?? {}, entry && known.defaults(entry.task));
    return job.runMs > limit ? limit : undefined;
  };
  const timeOut = async (job: HeldJob, limitMs: number) => {
    const entry = decodeEntry(job.fields);
    const message = `The attempt took longer than its timeout of ${limitMs} ms`;
    const failed = refusal('timeout', message, job.attempt, Date.now(), { retryable: true });
    await settleWithoutResult(
      consumer,
      keys,
      { ...job, entry },
      failed,
      entry && known.defaults(entry.task),
      core.settings.deadMax,
    );
  };
  let taken = 0;
  const stop = async (job: HeldJob): Promise<string[]> => {
    const limitMs = overdue(job);
    if (job.cancelAskedMs === undefined && limitMs === undefined) return [];
    if (job.cancelAskedMs === undefined && limitMs !== undefined) {
      taken += 1;
      await timeOut(job, limitMs);
    } else if ((job.cancelAskedMs ?? 0) >= CANCEL_PATIENCE_MS) {
      taken += 1;
      await cancelJob(core, keys, job.ref, 'enforce');
    }
    return [formatJobId(keys.queue, job.ref)];
  };
  const stopped = await Promise.all(beat.jobs.map(stop));
  // It ends with its last job, even if that was taken from it.
  const hasEnded = taken > 0 && taken === beat.jobs.length && (await consumer.finish(keys, []));
  return {
    wasAlive: beat.expiresAt !== undefined,
    expiresAt: hasEnded ? undefined : beat.expiresAt,
    cancel: stopped.flat(),
    isPaused: beat.paused,
  };
}
