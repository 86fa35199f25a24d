import { completionOf, type HeldDelivery } from '../../attempts/completion.ts';
import type { Outcome } from '../../attempts/outcome.ts';
import {
  type SettledUnfinished,
  settleAllWithoutResult,
  statusUntil,
} from '../../attempts/settle-failure.ts';
import type { Core } from '../../core/core.ts';
import { AppError } from '../../errors.ts';
import { latencyField } from '../../lifecycle/latency-histogram.ts';
import type { Completion } from '../../lifecycle/scripts/complete.ts';
import type { AttemptTimes } from '../../observer.ts';
import { decodeEntry, type Entry } from '../../redis/entry.ts';
import type { TaskDefaults } from '../../redis/entry-options.ts';
import { entryTime, type Ref } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import type { Fault } from '../../schemas/problem.ts';
import type { SettledJob } from '../../schemas/settle.ts';
import { Slices } from '../../slices.ts';
import type { CheckOutcome } from '../../tasks/checks/schema-check.ts';
import type { AnnouncedTasks } from '../../tasks/directory.ts';
import type { LeaseConsumer } from '../lease-consumer.ts';
import type { JobLeaseState } from '../scripts/held-jobs.ts';
import { type JobReport, outcomeOf, type ReportedOutcome } from './reports.ts';

/** A report whose job belongs to a queue of the lease. */
export interface Item {
  /** Index of the report in the request. */
  readonly index: number;
  readonly ref: Ref;
  readonly report: JobReport;
}

export type ItemOutcome =
  | ({ ok: true } & SettledJob)
  | { id: string; ok: false; error: AppError }
  /** The lease does not hold the job. */
  | { id: string; ok: false; error: 'stale' };

/** What is to be done with the items of one queue. */
export interface ItemPlan {
  /** Items that leave a result: the take completes them in the same script. */
  completions: { item: Item; delivery: ItemDelivery; completion: Completion }[];
  /** Failed and released items. */
  uncompleted: UncompletedItem[];
  /** Latency bucket -> number of completions. */
  latency: Map<string, number>;
  /** Number of items that the lease holds. */
  held: number;
}

/** What the lease holds, and how long its attempt took. */
type ItemDelivery = HeldDelivery & AttemptTimes;

interface UncompletedItem {
  item: Item;
  delivery: ItemDelivery;
  outcome: ReportedOutcome & { kind: 'failed' | 'released' };
  task: TaskDefaults | undefined;
}

/** Decides what is to be done with the items; changes nothing. Writes the outcomes of items that need nothing more. */
export async function planItems(
  core: Core,
  consumer: LeaseConsumer,
  keys: QueueKeys,
  items: readonly Item[],
  outcomes: ItemOutcome[],
): Promise<ItemPlan> {
  const known = await core.tasks.announced(keys);
  const refs = items.map(({ ref }) => ref);
  const states = refs.length > 0 ? await consumer.readHeldJobs(keys, refs, 'settle') : [];
  const now = core.clock.wall();
  const plan: ItemPlan = { completions: [], uncompleted: [], latency: new Map(), held: 0 };
  const slices = new Slices();
  for (const [i, reported] of items.entries()) {
    const { state, ref } = states[i] ?? { state: { kind: 'none' }, ref: reported.ref };
    const item = { ...reported, ref };
    if (state.kind !== 'held') {
      outcomes[item.index] = earlierOutcome(item, state);
      continue;
    }
    plan.held += 1;
    const entry = decodeEntry(state.fields);
    const checked = resultFaults(known, entry, item.report);
    const faults = checked instanceof Promise ? await checked : checked;
    const step = planItem(core, item, { state, entry, faults }, known, now);
    if (step.kind === 'refused') outcomes[item.index] = { id: item.report.id, ok: false, error: step.error };
    else if (step.kind === 'uncompleted') plan.uncompleted.push(step.uncompleted);
    else {
      plan.completions.push({ item, delivery: step.delivery, completion: step.completion });
      countLatencies(plan.latency, step.delivery);
    }
    if (slices.isOver) await slices.next();
  }
  return plan;
}

/** What is wrong with a result. One that cannot be checked in time is accepted: the work is done. */
function resultFaults(
  known: AnnouncedTasks,
  entry: Entry | undefined,
  report: JobReport,
): Fault[] | Promise<Fault[]> {
  if (entry === undefined || report.kind !== 'completed') return [];
  const outcome = known.checkResult(entry.task, report.result);
  return outcome instanceof Promise ? outcome.then(faultsOf) : faultsOf(outcome);
}

const faultsOf = (outcome: CheckOutcome): Fault[] => (typeof outcome === 'string' ? [] : outcome);

/** A held job whose report was looked at. */
interface Looked {
  readonly state: JobLeaseState & { kind: 'held' };
  readonly entry: Entry | undefined;
  /** Of the result. */
  readonly faults: Fault[];
}

/** Settles failed and released items. */
export async function settleUncompleted(
  core: Core,
  consumer: LeaseConsumer,
  keys: QueueKeys,
  uncompleted: readonly UncompletedItem[],
  outcomes: ItemOutcome[],
): Promise<void> {
  const unfinished = uncompleted.map(({ delivery, outcome, task }) => ({ held: delivery, outcome, task }));
  const ends = await settleAllWithoutResult(core, consumer, keys, unfinished);
  uncompleted.forEach(({ item: { index, report } }, i) => {
    const end = ends[i];
    outcomes[index] =
      end === undefined || end.settled === 'stale'
        ? staleOutcome(report.id)
        : { id: report.id, ok: true, status: end.next, ...retryOf(end) };
  });
}

/** The next attempt, as an answer shows it. */
const retryOf = ({ retryInMs }: SettledUnfinished): Pick<SettledJob, 'retryInMs'> =>
  retryInMs === undefined ? {} : { retryInMs };

export const staleOutcome = (id: string): ItemOutcome => ({ id, ok: false, error: 'stale' });

type Move = (JobLeaseState & { kind: 'moved' })['move'];

/** The status after the last move of a job, by what a repeated report says; undefined where the report contradicts it. */
function statusAfterMove(report: JobReport, move: Move): SettledJob['status'] | undefined {
  if (report.kind === 'completed') return move === 'completed' ? move : undefined;
  if (move === 'cancelled') return move;
  if (report.kind === 'released') return move === 'release' ? statusUntil(report.delayMs) : undefined;
  if (move === 'bury') return 'failed';
  return move === 'retry' ? statusUntil(report.retryInMs ?? 1) : undefined;
}

/** A repeated report gets the answer of the first time. */
function earlierOutcome({ report }: Item, state: Exclude<JobLeaseState, { kind: 'held' }>): ItemOutcome {
  const status = state.kind === 'moved' ? statusAfterMove(report, state.move) : undefined;
  return status === undefined ? staleOutcome(report.id) : { id: report.id, ok: true, status };
}

type ItemStep =
  | { kind: 'refused'; error: AppError }
  | { kind: 'completion'; delivery: ItemDelivery; completion: Completion }
  | { kind: 'uncompleted'; uncompleted: UncompletedItem };

function planItem(
  core: Core,
  item: Item,
  { state, entry, faults }: Looked,
  known: AnnouncedTasks,
  nowMs: number,
): ItemStep {
  const { ref, report } = item;
  const task = entry && known.defaults(entry.task);
  const { token, attempt, runMs } = state;
  const delivery = { entry, ref, token, attempt, ...waitOf(item, state, nowMs), runMs };
  const complete = (outcome: Outcome & { kind: 'completed' | 'cancelled' }): ItemStep => ({
    kind: 'completion',
    delivery,
    completion: completionOf(delivery, outcome, task, core.settings.resultTtlMs),
  });
  const outcome = outcomeOf(report, state.attempt, nowMs);
  if (outcome.kind === 'completed') {
    if (faults.length === 0) return complete(outcome);
    const detail = `The result does not match the output schema of the task "${entry?.task}". Complete the job with another result, or fail it.`;
    return { kind: 'refused', error: new AppError('invalid-result', detail, { errors: faults }) };
  }
  // The job was cancelled and its worker has stopped: no retry follows.
  if (state.cancelAsked) return complete({ kind: 'cancelled' });
  return { kind: 'uncompleted', uncompleted: { item, delivery, outcome, task } };
}

/** Absent for a parked job, and for one that was delivered before: it waited for its time. */
const waitOf = (
  { ref }: Item,
  { runMs, token }: JobLeaseState & { kind: 'held' },
  nowMs: number,
): Pick<AttemptTimes, 'waitMs'> =>
  token === 1 && ref.place !== 'parked'
    ? { waitMs: Math.max(0, nowMs - runMs - entryTime(ref.entryId)) }
    : {};

function countLatencies(latency: Map<string, number>, { waitMs, runMs }: AttemptTimes): void {
  const count = (field: string) => latency.set(field, (latency.get(field) ?? 0) + 1);
  count(latencyField('run', runMs));
  if (waitMs !== undefined) count(latencyField('wait', waitMs));
}
