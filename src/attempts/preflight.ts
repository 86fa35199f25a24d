import { taskReason } from '../lifecycle/hold-class.ts';
import type { Delivery } from '../lifecycle/scripts/take.ts';
import type { Entry } from '../redis/entry.ts';
import { expiryOf, maxAttempts, type TaskDefaults } from '../redis/entry-options.ts';
import { entryTime } from '../redis/job-id.ts';
import { isLastAttempt } from '../schemas/values/attempts.ts';
import { detectedFailure, type Outcome } from './outcome.ts';

/** A task that the worker has. `P`: a payload as the worker holds it, such as its entry or the parsed value. */
export interface RunnableTask<P> extends TaskDefaults {
  /** Fingerprints of the input schemas if all of them refuse the payload; empty when it is valid. */
  refusersOf(payload: P): readonly string[];
}

/**
 * The outcome of a delivery that needs no run, such as an expired job; undefined when it is to be run. A worker without the
 * task does not know how many attempts it allows, so it judges nothing that depends on that.
 *
 * @param payload of the entry, as `find` wants it.
 * @param find the task of that name, if the worker has it.
 * @param now Unix ms, for the time of an error.
 */
export function preflight<P>(
  delivery: Delivery,
  entry: Entry | undefined,
  payload: P,
  find: (task: string) => RunnableTask<P> | undefined,
  now: number,
): Exclude<Outcome, { kind: 'completed' | 'released' | 'lost' }> | undefined {
  if (entry === undefined) {
    const message = 'The entry is not a job: it needs the fields t, p (JSON) and o';
    return detectedFailure('malformed-entry', message, delivery.attempt, now, { retryable: false });
  }
  if (delivery.cancelAsked) return { kind: 'cancelled' };
  const expiry = expiryOf(entryTime(delivery.entryId), entry.options);
  if (delivery.token === 1 && !delivery.begun && expiry !== undefined && expiry <= delivery.takenAt)
    return { kind: 'expired' };
  const task = find(entry.task);
  if (task === undefined) return { kind: 'held', reason: taskReason(entry.task), refusers: [] };
  if (isLastAttempt(delivery.attempt - 1, maxAttempts(entry.options, task))) return { kind: 'exhausted' };
  const refusers = task.refusersOf(payload);
  return refusers.length === 0 ? undefined : { kind: 'held', reason: taskReason(entry.task), refusers };
}
