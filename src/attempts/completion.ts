import type { Completion } from '../lifecycle/scripts/complete.ts';
import type { Entry } from '../redis/entry.ts';
import { maxAttempts, type TaskDefaults } from '../redis/entry-options.ts';
import type { Ref } from '../redis/job-id.ts';
import { encodeTail } from '../redis/result-record.ts';
import { DEFAULT_ATTEMPTS } from '../schemas/job.ts';
import type { Outcome } from './outcome.ts';

/** A delivery to settle; `entry` is undefined when the stream entry is not a job. */
export interface HeldDelivery {
  readonly entry: Pick<Entry, 'task' | 'payload' | 'options'> | undefined;
  readonly ref: Ref;
  /** Fencing token. */
  readonly token: number;
  readonly attempt: number;
}

/** The arguments of `complete` for an outcome that leaves a result. */
export function completionOf(
  { entry, ref, token }: HeldDelivery,
  outcome: Outcome & { kind: Completion['status'] },
  task: TaskDefaults | undefined,
  resultTtlMs: number,
): Completion {
  const options = entry?.options ?? {};
  const allowed = maxAttempts(options, task);
  return {
    ref,
    token,
    status: outcome.kind,
    // SET refuses a TTL of 0.
    ttlMs: Math.max(1, options.rt ?? resultTtlMs),
    isAwaited: options.w === true,
    tail: encodeTail({
      task: entry?.task ?? '',
      maxAttempts: options.a === undefined && allowed !== DEFAULT_ATTEMPTS ? allowed : undefined,
      options,
      payload: options.k ? entry?.payload : undefined,
      result: outcome.kind === 'completed' ? outcome.result : undefined,
    }),
  };
}
