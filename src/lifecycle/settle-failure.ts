import type { TaskDefaults } from '../redis/entry-options.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { afterFailure, type HeldDelivery } from './completion.ts';
import type { Consumer } from './consumer.ts';
import type { Outcome } from './outcome.ts';
import type { Settled } from './scripts/complete.ts';

/** Writes an outcome that leaves no result; `next` is where the job is then. */
export async function settleWithoutResult(
  consumer: Consumer,
  keys: QueueKeys,
  ending: HeldDelivery,
  outcome: Exclude<Outcome, { kind: 'completed' | 'cancelled' | 'expired' }>,
  task: TaskDefaults | undefined,
  maxDead: number,
): Promise<{ settled: Settled; next: 'retrying' | 'failed' }> {
  const { ref, token } = ending;
  if (outcome.kind === 'released' || outcome.kind === 'lost') {
    const delayMs = outcome.kind === 'released' ? outcome.delayMs : 0;
    const [settled = 'stale'] = await consumer.release(keys, [{ ref, token, begun: true }], delayMs);
    return { settled, next: 'retrying' };
  }
  if (outcome.kind === 'exhausted') {
    return { settled: await consumer.bury(keys, { ref, token, error: '' }, maxDead), next: 'failed' };
  }
  const failure = { ref, token, error: JSON.stringify(outcome.error) };
  const decision = afterFailure(ending, outcome, task);
  if (decision.kind === 'retry') {
    return { settled: await consumer.retry(keys, failure, decision.delayMs), next: 'retrying' };
  }
  return { settled: await consumer.bury(keys, failure, maxDead), next: 'failed' };
}
