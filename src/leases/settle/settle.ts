import { createHash } from 'node:crypto';
import type { Core } from '../../core/core.ts';
import type { AppError } from '../../errors.ts';
import type { LeasedJob } from '../../schemas/lease.ts';
import type { SettledJob } from '../../schemas/settle.ts';
import { staleError } from '../stale-lease.ts';
import { earlier } from '../take/taken-jobs.ts';
import { MOST_BYTES, type TakeRequest, type TakeResult, type Taker } from '../take/taker.ts';
import { type ItemOutcome, settleUncompleted } from './plan-items.ts';
import {
  isAliveSomewhere,
  type JobReport,
  planQueues,
  type QueuePlan,
  type QueuePlanParts,
} from './plan-queues.ts';

export type SettledOutcome =
  | { id: string; ok: true; status: SettledJob['status'] }
  | { id: string; ok: false; error: AppError };

export interface SettleParts extends QueuePlanParts {
  readonly handOut: Taker;
  readonly tasks: ReadonlySet<string> | undefined;
}

export interface SettledAll {
  /** In the order of the statements. */
  outcomes: SettledOutcome[];
  jobs: LeasedJob[];
  /** End of the lease, Unix ms, where jobs were asked for; undefined when it has ended. */
  expiresAt: number | undefined;
  /** Digest of the request, when it asks for jobs. */
  request: string | undefined;
  /** The lease has ended, so that no jobs were taken under it. */
  isLost: boolean;
}

/**
 * Settles jobs of a lease, queue by queue, and takes the next ones in the same steps.
 *
 * Nothing is taken before it is known of all queues whether the lease holds anything there.
 */
export async function settle(parts: SettleParts, statements: readonly JobReport[]): Promise<SettledAll> {
  const { next } = parts;
  const outcomes: ItemOutcome[] = [];
  const visits = await planQueues(parts, statements, outcomes);
  const request = next > 0 ? digest(statements, next) : undefined;
  const isAlive = await isAliveSomewhere(parts, visits);
  const others = visits.flatMap(({ planned }) => planned.others);
  const token = others.reduce((most, { ending }) => Math.max(most, ending.token), 0);
  const all = { jobs: [] as LeasedJob[], expiresAt: undefined as number | undefined, request };
  const lost: boolean[] = [];
  let room = MOST_BYTES;
  for (const visit of visits) {
    const count = room > 0 ? next - all.jobs.length : 0;
    const out = await settleQueue(parts, visit, { count, room, request, token, isAlive, isLater: false });
    room -= out.size;
    visit.ranked.forEach(({ rank, item: { id } }, index) => {
      outcomes[rank] = visit.planned.outcomes[index] ?? { id, ok: false, error: 'stale' };
    });
    all.jobs.push(...out.jobs);
    all.expiresAt = earlier(all.expiresAt, out.expiresAt);
    if (count > 0) lost.push(out.isLost);
  }
  const isLost = lost.length > 0 && !lost.includes(false);
  return {
    ...all,
    isLost,
    outcomes: await Promise.all(outcomes.map((outcome) => explain(parts.core, outcome))),
  };
}

/**
 * Failures and hand-backs come after the take: a job that may be taken again at once would be handed out to this very
 * request, and a repetition of it would fail that attempt as well.
 */
async function settleQueue(
  { core, handOut, lease: { leaseMs }, consumer, tasks }: SettleParts,
  { keys, ranked, planned }: QueuePlan,
  order: Pick<TakeRequest, 'count' | 'room' | 'request' | 'token' | 'isAlive' | 'isLater'>,
): Promise<TakeResult> {
  const { outcomes, others, latency } = planned;
  const completions = planned.completions.map(({ completion }) => completion);
  const takes = order.count > 0;
  // A queue of which the lease holds nothing, and wants nothing, may not even be there.
  if (!takes && planned.held === 0 && (order.request === undefined || !order.isAlive)) return NOTHING;
  if (!takes) await settleUncompleted(consumer, keys, planned, core.settings.deadMax);
  const out = await handOut.run({ consumer, keys, leaseMs, tasks, completions, latency, ...order });
  planned.completions.forEach(({ index, completion }, i) => {
    const id = ranked[index]?.item.id ?? '';
    const status = completion.status === 'cancelled' ? 'cancelled' : 'completed';
    outcomes[index] =
      out.settled[i] === 'stale' ? { id, ok: false, error: 'stale' } : { id, ok: true, status };
  });
  if (!takes || others.length === 0) return out;
  await settleUncompleted(consumer, keys, planned, core.settings.deadMax);
  // The last that the lease held here may have been one of them.
  const hasEnded = out.jobs.length === 0 && (await consumer.finish(keys, []));
  return hasEnded ? { ...out, expiresAt: undefined } : out;
}

const NOTHING: TakeResult = {
  settled: [],
  jobs: [],
  size: 0,
  deliveries: [],
  expiresAt: undefined,
  isPaused: false,
  isLost: false,
  nextDueInMs: undefined,
  mayBeMore: false,
};

/** What is the same when a request comes again; with the results, since one that was refused is mended. */
function digest(statements: readonly JobReport[], next: number): string {
  const texts = statements.map(({ id, said }) => {
    const what = said(0);
    return [id, what.kind, what.kind === 'completed' ? what.result : ''];
  });
  return createHash('sha1')
    .update(JSON.stringify([next, texts]))
    .digest('base64url');
}

/** Says of a job that the lease does not hold what it is now. */
async function explain(core: Core, outcome: ItemOutcome): Promise<SettledOutcome> {
  if (outcome.ok || outcome.error !== 'stale') return outcome as SettledOutcome;
  const { id } = outcome;
  return { id, ok: false, error: await staleError(core, id) };
}
