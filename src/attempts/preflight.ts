import type { Delivery } from '../lifecycle/scripts/take.ts';
import type { Entry } from '../redis/entry.ts';
import { expiryOf, maxAttempts, type TaskDefaults } from '../redis/entry-options.ts';
import { entryTime } from '../redis/job-id.ts';
import type { Fault } from '../schemas/problem.ts';
import { detectedFailure, type Outcome } from './outcome.ts';

/** A task that the worker has. `P`: a payload as the worker holds it, as text or parsed. */
export interface RunnableTask<P> extends TaskDefaults {
  readonly name: string;
  /** Empty when the payload is valid. */
  validateInput(payload: P): Fault[];
}

/**
 * The outcome of a delivery that needs no run, such as an expired job; undefined when it is to be run.
 *
 * @param payload of the entry.
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
  const refuse = (name: string, message: string, more: { retryable: boolean; data?: unknown }) =>
    detectedFailure(name, message, delivery.attempt, now, more);
  if (entry === undefined) {
    return refuse('malformed-entry', 'The entry is not a job: it needs the fields t, p (JSON) and o', {
      retryable: false,
    });
  }
  if (delivery.cancelAsked) return { kind: 'cancelled' };
  const expiry = expiryOf(entryTime(delivery.entryId), entry.options);
  if (delivery.token === 1 && !delivery.begun && expiry !== undefined && expiry <= delivery.takenAt)
    return { kind: 'expired' };
  const task = find(entry.task);
  if (delivery.attempt > maxAttempts(entry.options, task)) return { kind: 'exhausted' };
  if (task === undefined) {
    return refuse('unknown-task', `This worker has no task "${entry.task}"`, { retryable: true });
  }
  const faults = task.validateInput(payload);
  if (faults.length === 0) return undefined;
  const message = `The payload does not match the input schema of the task "${task.name}"`;
  return refuse('invalid-payload', message, { retryable: false, data: faults });
}
