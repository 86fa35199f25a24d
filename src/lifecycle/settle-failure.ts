import type { Core } from '../core/core.ts';
import type { AttemptTimes } from '../observer.ts';
import type { TaskDefaults } from '../redis/entry.ts';
import type { QueueKeys } from '../redis/keys.ts';
import {
  attemptSubject,
  observeAttemptEnd,
  observeFailure,
  type UnfinishedStatus,
} from './attempt-events.ts';
import { afterFailure, type HeldDelivery } from './completion.ts';
import type { Consumer } from './consumer.ts';
import type { Outcome } from './outcome.ts';
import type { Settled } from './scripts/complete.ts';

/** An outcome that leaves no result. */
type Unfinished = Exclude<Outcome, { kind: 'completed' | 'cancelled' | 'expired' }>;

interface Written {
  settled: Settled;
  /** The status of the job then. */
  next: UnfinishedStatus;
}

/** Writes an outcome that leaves no result, and reports the end of the attempt. */
export async function settleWithoutResult(
  core: Core,
  consumer: Consumer,
  keys: QueueKeys,
  delivery: HeldDelivery & AttemptTimes,
  outcome: Unfinished,
  task: TaskDefaults | undefined,
): Promise<Written> {
  const written = await write(core, consumer, keys, delivery, outcome, task);
  if (core.observe.wants('attempt-ended')) {
    const subject = attemptSubject(keys, delivery, consumer.name);
    const end = { settled: written.settled, status: written.next };
    observeAttemptEnd(core.observe, subject, outcome.kind, end, delivery);
  }
  return written;
}

async function write(
  { settings: { deadMax }, observe }: Core,
  consumer: Consumer,
  keys: QueueKeys,
  delivery: HeldDelivery,
  outcome: Unfinished,
  task: TaskDefaults | undefined,
): Promise<Written> {
  const { ref, token } = delivery;
  if (outcome.kind === 'released' || outcome.kind === 'lost') {
    const delayMs = outcome.kind === 'released' ? outcome.delayMs : 0;
    const [settled = 'stale'] = await consumer.release(keys, [{ ref, token, begun: true }], delayMs);
    return { settled, next: 'retrying' };
  }
  if (outcome.kind === 'exhausted') {
    return { settled: await consumer.bury(keys, { ref, token, error: '' }, deadMax), next: 'failed' };
  }
  const decision = afterFailure(delivery, outcome, task);
  observeFailure(observe, attemptSubject(keys, delivery, consumer.name), outcome, decision);
  const failure = { ref, token, error: JSON.stringify(outcome.error) };
  if (decision.kind === 'retry') {
    return { settled: await consumer.retry(keys, failure, decision.delayMs), next: 'retrying' };
  }
  return { settled: await consumer.bury(keys, failure, deadMax), next: 'failed' };
}
