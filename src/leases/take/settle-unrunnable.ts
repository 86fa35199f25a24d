import { attemptSubject, observeAttemptEnd, waitMsOf } from '../../attempts/attempt-events.ts';
import { completionOf, type HeldDelivery } from '../../attempts/completion.ts';
import { preflight, type RunnableTask } from '../../attempts/preflight.ts';
import { settleAllWithoutResult, type Unfinished } from '../../attempts/settle-failure.ts';
import { unrunnableOf } from '../../attempts/unrunnable.ts';
import type { Core } from '../../core/core.ts';
import type { Completion } from '../../lifecycle/scripts/complete.ts';
import type { Unrunnable } from '../../lifecycle/scripts/holds/hold.ts';
import type { Delivery } from '../../lifecycle/scripts/take.ts';
import type { AttemptTimes } from '../../observer.ts';
import { readEntry, type TextEntry } from '../../redis/entry.ts';
import { firstRef, maxAttempts, timeoutMs, traceOf } from '../../redis/entry-options.ts';
import { entryTime, formatJobId } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { JsonText } from '../../schemas/json/json-text.ts';
import type { LeasedJob } from '../../schemas/lease.ts';
import { toTimestamp } from '../../schemas/values/timestamp.ts';
import type { AnnouncedTasks } from '../../tasks/directory.ts';
import type { LeaseConsumer } from '../lease-consumer.ts';
import { refusedPayloads } from './refused-payloads.ts';

/** The worker that takes jobs, and the queue. */
export interface TakeTarget {
  readonly consumer: LeaseConsumer;
  readonly keys: QueueKeys;
  /** Tasks that the worker has; undefined stands for all. */
  readonly tasks: ReadonlySet<string> | undefined;
}

/** The deliveries that the worker is to run, and their jobs in the same order. */
interface Runnable {
  jobs: LeasedJob[];
  deliveries: Delivery[];
  /** Some of the others are held now: the worker lacks their task, or no schema takes their payload. */
  hasHeld: boolean;
  /** The lease has ended in the queue, since nothing that it holds there is left. */
  hasEnded: boolean;
}

/** Settles the deliveries that need no run, such as expired ones and those that the worker cannot run; returns the others. */
export async function settleUnrunnable(
  core: Core,
  { consumer, keys, tasks }: TakeTarget,
  taken: readonly Delivery[],
  known: AnnouncedTasks,
): Promise<Runnable> {
  const { resultTtlMs } = core.settings;
  const now = core.clock.wall();
  const jobs: LeasedJob[] = [];
  const deliveries: Delivery[] = [];
  const completions: Completion[] = [];
  const ends: { held: HeldDelivery & AttemptTimes; outcome: 'cancelled' | 'expired' }[] = [];
  const held: Unrunnable[] = [];
  const failures: Unfinished[] = [];
  const entries = taken.map(({ fields }) => readEntry(fields));
  const refused = await refusedPayloads(entries, known);
  const find = (name: string): RunnableTask<TextEntry | undefined> | undefined =>
    tasks?.has(name) === false
      ? undefined
      : {
          ...known.defaults(name),
          refusersOf: (entry) => (entry !== undefined && refused.has(entry) ? known.schemasOf(name) : []),
        };
  for (const [i, delivery] of taken.entries()) {
    const entry = entries[i];
    const outcome = preflight(delivery, entry, entry, find, now);
    if (outcome === undefined && entry !== undefined) {
      jobs.push(leasedJob(delivery, entry, known));
      deliveries.push(delivery);
    } else if (outcome?.kind === 'held') {
      held.push(unrunnableOf(delivery, entry, outcome));
    } else if (outcome !== undefined) {
      const { place, entryId, token, attempt } = delivery;
      const waitMs = waitMsOf(delivery);
      const held = { entry, ref: { place, entryId }, token, attempt, waitMs, runMs: 0 };
      const task = entry && known.defaults(entry.task);
      if (outcome.kind === 'cancelled' || outcome.kind === 'expired') {
        completions.push(completionOf(held, outcome, task, resultTtlMs));
        ends.push({ held, outcome: outcome.kind });
      } else failures.push({ held, outcome, task });
    }
  }
  await settleAllWithoutResult(core, consumer, keys, failures);
  if (held.length > 0) await hold(core, consumer, keys, held);
  const mayHaveEnded = completions.length > 0 || (failures.length + held.length > 0 && jobs.length === 0);
  const hasEnded = mayHaveEnded && (await consumer.endIfIdle(keys, completions));
  if (core.observe.wants('attempt-ended')) {
    for (const { held, outcome } of ends) {
      const subject = attemptSubject(keys, held, consumer.name);
      observeAttemptEnd(core.observe, subject, outcome, { settled: 'done', status: undefined }, held);
    }
  }
  return { jobs, deliveries, hasHeld: held.length > 0, hasEnded };
}

async function hold(
  { observe }: Core,
  consumer: LeaseConsumer,
  keys: QueueKeys,
  held: readonly Unrunnable[],
): Promise<void> {
  await consumer.hold(keys, held);
  observe({ kind: 'jobs-held', queue: keys.queue, lease: consumer.name, jobs: held.length });
}

function leasedJob(
  { keys, place, entryId, attempt, checkpoint }: Delivery,
  entry: TextEntry,
  known: AnnouncedTasks,
): LeasedJob {
  const defaults = known.defaults(entry.task);
  const first = firstRef({ place, entryId }, entry.options);
  const trace = traceOf(entry.options);
  return {
    id: formatJobId(keys.queue, first),
    queue: keys.queue,
    task: entry.task,
    payload: entry.json,
    ...(checkpoint !== undefined && { checkpoint: JsonText.read(checkpoint) }),
    attempt,
    maxAttempts: maxAttempts(entry.options, defaults),
    timeoutMs: timeoutMs(entry.options, defaults),
    ...(entry.options.y !== undefined && { key: entry.options.y }),
    ...(entry.options.m && { metadata: entry.options.m }),
    ...(trace !== undefined && { trace }),
    createdAt: toTimestamp(entryTime(first.entryId)),
  };
}
