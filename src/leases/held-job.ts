import { detectedFailure } from '../attempts/outcome.ts';
import { settleWithoutResult } from '../attempts/settle-failure.ts';
import type { Core } from '../core/core.ts';
import { cancelJob } from '../lifecycle/cancel-and-expire.ts';
import { CANCEL_PATIENCE_MS } from '../lifecycle/scripts/cancel.ts';
import { decodeEntry } from '../redis/entry.ts';
import { timeoutMs } from '../redis/entry-options.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { AnnouncedTasks } from '../tasks/directory.ts';
import type { LeaseConsumer } from './lease-consumer.ts';
import type { HeldJob } from './scripts/heartbeat.ts';

interface HeldJobParts {
  readonly core: Core;
  readonly consumer: LeaseConsumer;
  readonly keys: QueueKeys;
  readonly known: AnnouncedTasks;
}

/**
 * Takes a job from its worker when it runs beyond its timeout, or long after its cancel; else notes when that may be so.
 *
 * Returns `run`: the worker may go on; `stop`: it is to stop the job; `taken`: the lease does not hold the job any more.
 */
export async function checkHeldJob(parts: HeldJobParts, job: HeldJob): Promise<'run' | 'stop' | 'taken'> {
  const { core, keys } = parts;
  const { cancelAskedMs } = job;
  if (cancelAskedMs === undefined) return (await failIfOverdue(parts, job)) ? 'taken' : 'run';
  if (cancelAskedMs < CANCEL_PATIENCE_MS) {
    core.deadlines.note(keys.queue, CANCEL_PATIENCE_MS - cancelAskedMs);
    return 'stop';
  }
  await cancelJob(core, keys, job.ref, 'enforce');
  return 'taken';
}

/** Fails an attempt that has run longer than its timeout; tells whether it has. */
async function failIfOverdue({ core, consumer, keys, known }: HeldJobParts, job: HeldJob): Promise<boolean> {
  const entry = decodeEntry(job.fields);
  const task = entry && known.defaults(entry.task);
  const limitMs = timeoutMs(entry?.options ?? {}, task);
  if (job.runMs <= limitMs) {
    core.deadlines.note(keys.queue, limitMs - job.runMs + 1);
    return false;
  }
  const message = `The attempt took longer than its timeout of ${limitMs} ms`;
  const outcome = detectedFailure('timeout', message, job.attempt, core.clock.wall(), { retryable: true });
  await settleWithoutResult(core, consumer, keys, { ...job, entry }, outcome, task);
  return true;
}
