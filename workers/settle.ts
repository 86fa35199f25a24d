import type { Observer } from '../src/observer.ts';
import type { Completion, Settled } from '../src/queue/consume.ts';
import { maxAttempts } from '../src/redis/entry.ts';
import type { QueueKeys } from '../src/redis/keys.ts';
import { recordTail } from '../src/redis/record.ts';
import { decide } from '../src/retry/decide.ts';
import { DEFAULT_ATTEMPTS } from '../src/schemas/job.ts';
import type { LoadedTask } from '../src/tasks/types.ts';
import type { Ended } from './ended.ts';
import type { Outcome } from './outcome.ts';
import type { Running } from './running.ts';
import type { Settler } from './settler.ts';

export interface SettleParts {
  tasks: ReadonlyMap<string, LoadedTask>;
  settler: Settler;
  /** Ends a job with a result. */
  endWith: (keys: QueueKeys, ended: Ended) => void;
  resultTtlMs: number;
  /** Longest result that is stored, bytes of JSON. */
  maxResultBytes: number;
  observe: Observer;
}

/** Writes what became of an attempt: one move for each kind of outcome. `then` hears how that went. */
export function settle(
  parts: SettleParts,
  running: Running,
  outcome: Outcome,
  runMs: number,
  then: Pick<Ended, 'settled' | 'failed'>,
): void {
  const { delivery } = running;
  if (outcome.kind === 'completed' || outcome.kind === 'cancelled' || outcome.kind === 'expired') {
    const waitMs = Math.max(0, delivery.takenAt - delivery.readyAt);
    parts.endWith(delivery.keys, { completion: completion(parts, running, outcome), waitMs, runMs, ...then });
  } else {
    settleUnended(parts, running, outcome).then(then.settled, then.failed);
  }
}

function settleUnended(
  parts: SettleParts,
  running: Running,
  outcome: Exclude<Outcome, { kind: Completion['status'] }>,
): Promise<Settled> {
  const { settler } = parts;
  const { ref, token, delivery } = running;
  switch (outcome.kind) {
    case 'failed':
      return settleFailure(parts, running, outcome);
    case 'exhausted':
      return settler.bury(delivery.keys, { ref, token, error: '' });
    case 'released':
      return release(settler, running, outcome.delayMs);
    case 'lost':
      // A lease can be lost and found: what is still ours by then must not stay with us unseen. What is not,
      // the fence keeps.
      return release(settler, running, 0);
  }
}

async function release(settler: Settler, running: Running, delayMs: number): Promise<Settled> {
  const [settled] = await settler.release(running.delivery.keys, [running], delayMs);
  return settled ?? 'stale';
}

function settleFailure(
  { settler, tasks, observe }: SettleParts,
  { entry, delivery, ref, token, attempt, id }: Running,
  { error, retryable, retryInMs }: Outcome & { kind: 'failed' },
): Promise<Settled> {
  const task = entry && tasks.get(entry.task);
  const options = entry?.options ?? {};
  const decision = decide(
    {
      attempt,
      maxAttempts: maxAttempts(options, task),
      backoff: options.b ?? task?.backoff,
      retryable,
      retryInMs,
    },
    Math.random(),
  );
  observe({
    kind: 'attempt-failed',
    job: id,
    task: entry?.task ?? '',
    attempt,
    error: error.message,
    next: decision.kind === 'retry' ? `retry in ${decision.delayMs} ms` : 'failed for good',
  });
  const failure = { ref, token, error: JSON.stringify(error) };
  if (decision.kind === 'retry') return settler.retry(delivery.keys, failure, decision.delayMs);
  return settler.bury(delivery.keys, failure);
}

function completion(
  { tasks, resultTtlMs }: SettleParts,
  { entry, ref, token }: Running,
  outcome: Outcome & { kind: 'completed' | 'cancelled' | 'expired' },
): Completion {
  const options = entry?.options ?? {};
  const allowed = maxAttempts(options, entry && tasks.get(entry.task));
  return {
    ref,
    token,
    status: outcome.kind,
    // SET refuses a life of 0.
    ttlMs: Math.max(1, options.rt ?? resultTtlMs),
    isAwaited: options.w === true,
    tail: recordTail({
      task: entry?.task ?? '',
      maxAttempts: options.a === undefined && allowed !== DEFAULT_ATTEMPTS ? allowed : undefined,
      options,
      payload: options.k ? entry?.payload : undefined,
      result: outcome.kind === 'completed' ? outcome.result : undefined,
    }),
  };
}
