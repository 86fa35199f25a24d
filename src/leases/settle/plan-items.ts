import type { Core } from '../../core/core.ts';
import { encodeJson } from '../../core/encode-json.ts';
import { AppError } from '../../errors.ts';
import { completionOf, type HeldDelivery } from '../../lifecycle/completion.ts';
import { latencyField } from '../../lifecycle/latency-histogram.ts';
import type { Outcome } from '../../lifecycle/outcome.ts';
import type { Completion } from '../../lifecycle/scripts/complete.ts';
import { settleWithoutResult } from '../../lifecycle/settle-failure.ts';
import { decodeEntry } from '../../redis/entry.ts';
import type { TaskDefaults } from '../../redis/entry-options.ts';
import { entryTime, type Ref } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import type { SettledJob } from '../../schemas/settle.ts';
import type { AnnouncedTasks } from '../../tasks/directory.ts';
import type { Holding, LeaseConsumer } from '../lease-consumer.ts';

/** What a worker over HTTP says that became of a job. */
export type ReportedOutcome = Outcome & { kind: 'completed' | 'failed' | 'released' };

/** One job that is to be settled; the error of a failure has no attempt yet. */
export interface Item {
  readonly id: string;
  readonly ref: Ref;
  readonly said: (attempt: number) => ReportedOutcome;
  /** Of a completion, to be checked. */
  readonly result?: unknown;
}

export type ItemOutcome =
  | { id: string; ok: true; status: SettledJob['status'] }
  | { id: string; ok: false; error: AppError }
  /** The job is not this lease's any more. */
  | { id: string; ok: false; error: 'stale' };

/** What is to be done with the items of one queue. */
export interface PlannedItems {
  /** In the order of the items; undefined for those that are to be ended. */
  outcomes: (ItemOutcome | undefined)[];
  /** Those that leave a result. */
  completions: { index: number; completion: Completion }[];
  /** Failures and hand-backs. */
  others: OtherEnd[];
  latency: Map<string, number>;
  /** How many the lease held. */
  held: number;
}

interface OtherEnd {
  index: number;
  id: string;
  ending: HeldDelivery;
  said: ReportedOutcome & { kind: 'failed' | 'released' };
  task: TaskDefaults | undefined;
}

/** Moves that a repeated call may find made, by what it says. */
const MADE: Readonly<
  Record<
    ReportedOutcome['kind'],
    Partial<Record<(Holding & { kind: 'moved' })['move'], SettledJob['status']>>
  >
> = {
  completed: { completed: 'completed' },
  failed: { retry: 'retrying', bury: 'failed', cancelled: 'cancelled' },
  released: { release: 'retrying', cancelled: 'cancelled' },
};

/** Finds out what is to be done with the items; changes nothing. */
export async function planItems(
  core: Core,
  consumer: LeaseConsumer,
  keys: QueueKeys,
  items: readonly Item[],
): Promise<PlannedItems> {
  const known = await core.tasks.announced(keys);
  const refs = items.map(({ ref }) => ref);
  const holdings = refs.length > 0 ? await consumer.inspect(keys, refs, 'settle') : [];
  const completions: PlannedItems['completions'] = [];
  const others: OtherEnd[] = [];
  const latency = new Map<string, number>();
  const count = (field: string) => latency.set(field, (latency.get(field) ?? 0) + 1);
  const outcomes = items.map((item, index) => {
    const holding = holdings[index] ?? { kind: 'none' };
    if (holding.kind !== 'held') return settledBefore(item, holding);
    const plan = planOf(core, item, holding, known);
    if (plan.kind === 'refused') return { id: item.id, ok: false as const, error: plan.error };
    if (plan.kind === 'other') {
      others.push({ index, id: item.id, ...plan });
      return undefined;
    }
    completions.push({ index, completion: plan.completion });
    count(latencyField('run', holding.runMs));
    if (holding.token === 1 && item.ref.place !== 'parked') {
      const waited = Date.now() - holding.runMs - entryTime(item.ref.entryId);
      count(latencyField('wait', Math.max(0, waited)));
    }
    return undefined;
  });
  const held = holdings.filter(({ kind }) => kind === 'held').length;
  return { outcomes, completions, others, latency, held };
}

/** Settles failures and hand-backs. */
export async function settleUncompleted(
  consumer: LeaseConsumer,
  keys: QueueKeys,
  { others, outcomes }: Pick<PlannedItems, 'others' | 'outcomes'>,
  maxDead: number,
): Promise<void> {
  const end = async ({ index, id, ending, said, task }: OtherEnd) => {
    const { settled, next } = await settleWithoutResult(consumer, keys, ending, said, task, maxDead);
    outcomes[index] =
      settled === 'stale' ? { id, ok: false, error: 'stale' } : { id, ok: true, status: next };
  };
  await Promise.all(others.map(end));
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
  | ({ kind: 'other' } & Pick<OtherEnd, 'ending' | 'said' | 'task'>);

function planOf(core: Core, item: Item, holding: Holding & { kind: 'held' }, known: AnnouncedTasks): Plan {
  const entry = decodeEntry(holding.fields);
  const task = entry && known.defaults(entry.task);
  const { token, attempt } = holding;
  const ending = { entry, ref: item.ref, token, attempt };
  const said = item.said(attempt);
  const complete = (outcome: Outcome & { kind: 'completed' | 'cancelled' }): Plan => ({
    kind: 'completion',
    completion: completionOf(ending, outcome, task, core.settings.resultTtlMs),
  });
  if (said.kind === 'completed') {
    const faults = entry === undefined ? [] : known.checkResult(entry.task, item.result ?? null);
    if (faults.length === 0) return complete(said);
    const detail = `The result does not fit what the task "${entry?.task}" promises. Complete it with another one, or fail it.`;
    return { kind: 'refused', error: new AppError('invalid-result', detail, { errors: faults }) };
  }
  // Somebody asked to cancel it, and its worker has stopped: no retry follows.
  if (holding.cancelAsked) return complete({ kind: 'cancelled' });
  return { kind: 'other', ending, said, task };
}

/** What a completion says; undefined is stored as null. @throws {AppError} invalid-request for what is nested too deeply. */
export const completedWith = (result: unknown): ReportedOutcome => ({
  kind: 'completed',
  result: encodeJson(result ?? null, '/result'),
});
