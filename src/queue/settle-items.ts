import { AppError } from '../errors.ts';
import { decodeEntry, entryTime, type Ref } from '../redis/entry.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { Completion } from '../redis/scripts/complete.ts';
import type { SettledJob } from '../schemas/settle.ts';
import type { KnownTasks } from '../tasks/directory.ts';
import type { Core } from './core.ts';
import { endOtherwise } from './end-otherwise.ts';
import { completionOf } from './ending.ts';
import { latencyField } from './latency.ts';
import type { Holding, LeasedConsumer } from './leased.ts';
import type { Outcome } from './outcome.ts';
import { encodePayload } from './payload.ts';

/** What a worker over HTTP says that became of a job. */
export type Said = Outcome & { kind: 'completed' | 'failed' | 'released' };

/** One job that is to be settled; the error of a failure has no attempt yet. */
export interface Item {
  readonly id: string;
  readonly ref: Ref;
  readonly said: (attempt: number) => Said;
  /** Of a completion, to be checked. */
  readonly result?: unknown;
}

export type ItemOutcome =
  | { id: string; ok: true; status: SettledJob['status'] }
  | { id: string; ok: false; error: AppError }
  /** The job is not this lease's any more. */
  | { id: string; ok: false; error: 'stale' };

/** Items of one queue: those that leave a result are to be completed, the others are settled. */
export interface SettledItems {
  /** In the order of the items; undefined for those in `completions`. */
  outcomes: (ItemOutcome | undefined)[];
  completions: { index: number; completion: Completion }[];
  latency: Map<string, number>;
  /** How many the lease held. */
  held: number;
}

/** Moves that a repeated call may find made, by what it says. */
const MADE: Readonly<
  Record<Said['kind'], Partial<Record<(Holding & { kind: 'moved' })['move'], SettledJob['status']>>>
> = {
  completed: { completed: 'completed' },
  failed: { retry: 'retrying', bury: 'failed', cancelled: 'cancelled' },
  released: { release: 'retrying', cancelled: 'cancelled' },
};

/** Settles failures and hand-backs; completions are prepared, to be made together. */
export async function settleItems(
  core: Core,
  consumer: LeasedConsumer,
  keys: QueueKeys,
  items: readonly Item[],
  maxDead: number,
): Promise<SettledItems> {
  const known = await core.tasks.known(keys);
  const holdings = await consumer.inspect(
    keys,
    items.map(({ ref }) => ref),
    'settle',
  );
  const completions: SettledItems['completions'] = [];
  const latency = new Map<string, number>();
  const count = (field: string) => latency.set(field, (latency.get(field) ?? 0) + 1);
  const outcomes = items.map((item, index) => {
    const holding = holdings[index] ?? { kind: 'none' };
    if (holding.kind !== 'held') return settledBefore(item, holding);
    const plan = planOf(core, item, holding, known);
    if (plan.kind === 'refused') return { id: item.id, ok: false as const, error: plan.error };
    if (plan.kind === 'other') return plan.end(consumer, keys, maxDead);
    completions.push({ index, completion: plan.completion });
    count(latencyField('run', holding.runMs));
    if (holding.token === 1 && item.ref.place !== 'parked') {
      const waited = Date.now() - holding.runMs - entryTime(item.ref.entryId);
      count(latencyField('wait', Math.max(0, waited)));
    }
    return undefined;
  });
  const held = holdings.filter(({ kind }) => kind === 'held').length;
  return { outcomes: await Promise.all(outcomes), completions, latency, held };
}

function settledBefore(item: Item, holding: Exclude<Holding, { kind: 'held' }>): ItemOutcome {
  const status = holding.kind === 'moved' ? MADE[item.said(0).kind][holding.move] : undefined;
  return status === undefined
    ? { id: item.id, ok: false, error: 'stale' }
    : { id: item.id, ok: true, status };
}

type Plan =
  | { kind: 'refused'; error: AppError }
  | { kind: 'completion'; completion: Completion }
  | {
      kind: 'other';
      end: (consumer: LeasedConsumer, keys: QueueKeys, maxDead: number) => Promise<ItemOutcome>;
    };

function planOf(core: Core, item: Item, holding: Holding & { kind: 'held' }, known: KnownTasks): Plan {
  const entry = decodeEntry(holding.fields);
  const task = entry && known.defaults(entry.task);
  const { token, attempt } = holding;
  const ending = { entry, ref: item.ref, token, attempt };
  const said = item.said(attempt);
  const complete = (outcome: Outcome & { kind: 'completed' | 'cancelled' }): Plan => ({
    kind: 'completion',
    completion: completionOf(ending, outcome, task, core.resultTtlMs),
  });
  if (said.kind === 'completed') {
    const faults = entry === undefined ? [] : known.checkResult(entry.task, item.result ?? null);
    if (faults.length === 0) return complete(said);
    const detail = `The result does not fit what the task "${entry?.task}" promises. Complete it with another one, or fail it.`;
    return { kind: 'refused', error: new AppError('invalid-result', detail, { errors: faults }) };
  }
  // Somebody asked to cancel it, and its worker has stopped: no retry follows.
  if (holding.cancelAsked) return complete({ kind: 'cancelled' });
  return {
    kind: 'other',
    end: async (consumer, keys, maxDead) => {
      const { settled, next } = await endOtherwise(consumer, keys, ending, said, task, maxDead);
      return settled === 'stale'
        ? { id: item.id, ok: false, error: 'stale' }
        : { id: item.id, ok: true, status: next };
    },
  };
}

/** What a completion says; undefined is stored as null. @throws {AppError} invalid-request for what is nested too deeply. */
export const completedWith = (result: unknown): Said => ({
  kind: 'completed',
  result: encodePayload(result ?? null, '/result'),
});
