import { createHash } from 'node:crypto';
import { AppError } from '../errors.ts';
import { parseJobId } from '../redis/entry.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { LeasedJob, SettledJob } from '../schemas/lease.ts';
import type { Core } from './core.ts';
import { findJob } from './find.ts';
import { type HandedOut, type HandOut, MOST_BYTES, type Order } from './hand-out.ts';
import type { Lease } from './lease-token.ts';
import type { LeasedConsumer } from './leased.ts';
import {
  endOthers,
  type Item,
  type ItemOutcome,
  type PlannedItems,
  planItems,
  type Said,
} from './settle-items.ts';
import { earlier } from './taking.ts';

/** What a worker says of one job. */
export interface Statement {
  readonly id: string;
  readonly said: (attempt: number) => Said;
  readonly result?: unknown;
}

export type SettledOutcome =
  | { id: string; ok: true; status: SettledJob['status'] }
  | { id: string; ok: false; error: AppError };

export interface SettleParts {
  readonly core: Core;
  readonly handOut: HandOut;
  readonly maxDead: number;
  readonly lease: Lease;
  readonly consumer: LeasedConsumer;
  /** Most jobs to take. */
  readonly next: number;
  readonly tasks: ReadonlySet<string> | undefined;
}

export interface SettledAll {
  /** In the order of the statements. */
  outcomes: SettledOutcome[];
  jobs: LeasedJob[];
  /** End of the lease, Unix ms; undefined when it has ended, or `next` is 0. */
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
export async function settle(parts: SettleParts, statements: readonly Statement[]): Promise<SettledAll> {
  const { next } = parts;
  const outcomes: ItemOutcome[] = [];
  const visits = await plan(parts, sort(statements, outcomes));
  const request = next > 0 ? digest(statements, next) : undefined;
  const isAlive = await isAliveSomewhere(parts, visits);
  const others = visits.flatMap(({ planned }) => planned.others);
  const token = others.reduce((most, { ending }) => Math.max(most, ending.token), 0);
  const all = { jobs: [] as LeasedJob[], expiresAt: undefined as number | undefined, request };
  const lost: boolean[] = [];
  let room = MOST_BYTES;
  for (const visit of visits) {
    const count = visit.isOfLease && room > 0 ? next - all.jobs.length : 0;
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

/** A queue in which there is something to do. */
interface Visit {
  keys: QueueKeys;
  isOfLease: boolean;
  ranked: readonly Ranked[];
  planned: PlannedItems;
}

/** The queues of the lease first, in their order: all of them where jobs are asked for, since the lease is renewed. */
function plan(
  { core, lease, consumer, next }: SettleParts,
  byQueue: ReadonlyMap<string, Ranked[]>,
): Promise<Visit[]> {
  const queues = new Set([...lease.queues, ...byQueue.keys()]);
  const visited = [...queues].filter((queue) => byQueue.has(queue) || next > 0);
  return Promise.all(
    visited.map(async (queue) => {
      const keys = core.keySpace.queue(queue);
      const ranked = byQueue.get(queue) ?? [];
      const items = ranked.map(({ item }) => item);
      const planned = await planItems(core, consumer, keys, items);
      return { keys, isOfLease: lease.queues.includes(queue), ranked, planned };
    }),
  );
}

/** Whether the lease has not ended; false for one of a single queue, where the script that takes looks by itself. */
async function isAliveSomewhere(
  { lease, consumer, next }: SettleParts,
  visits: readonly Visit[],
): Promise<boolean> {
  if (visits.some(({ planned }) => planned.held > 0)) return true;
  if (next === 0 || lease.queues.length === 1) return false;
  const own = visits.filter(({ isOfLease }) => isOfLease);
  return (await Promise.all(own.map(({ keys }) => consumer.hasLease(keys)))).includes(true);
}

type Ranked = { rank: number; item: Item };

/** Items by queue; what cannot be a job is answered at once. */
function sort(statements: readonly Statement[], outcomes: ItemOutcome[]): Map<string, Ranked[]> {
  const byQueue = new Map<string, Ranked[]>();
  statements.forEach((statement, rank) => {
    const parsed = parseJobId(statement.id);
    if (parsed === undefined) {
      outcomes[rank] = { id: statement.id, ok: false, error: 'stale' };
      return;
    }
    const ranked = byQueue.get(parsed.queue) ?? [];
    ranked.push({ rank, item: { ...statement, ref: parsed.ref } });
    byQueue.set(parsed.queue, ranked);
  });
  return byQueue;
}

/**
 * Failures and hand-backs come after the take: a job that may be taken again at once would be handed out to this very
 * request, and a repetition of it would fail that attempt as well.
 */
async function settleQueue(
  { handOut, maxDead, lease: { leaseMs }, consumer, tasks }: SettleParts,
  { keys, ranked, planned }: Visit,
  order: Pick<Order, 'count' | 'room' | 'request' | 'token' | 'isAlive' | 'isLater'>,
): Promise<HandedOut> {
  const { outcomes, others, latency } = planned;
  const completions = planned.completions.map(({ completion }) => completion);
  const takes = order.count > 0;
  if (!takes) await endOthers(consumer, keys, planned, maxDead);
  const out = await handOut.run({ consumer, keys, leaseMs, tasks, completions, latency, ...order });
  planned.completions.forEach(({ index, completion }, i) => {
    const id = ranked[index]?.item.id ?? '';
    const status = completion.status === 'cancelled' ? 'cancelled' : 'completed';
    outcomes[index] =
      out.settled[i] === 'stale' ? { id, ok: false, error: 'stale' } : { id, ok: true, status };
  });
  if (!takes || others.length === 0) return out;
  await endOthers(consumer, keys, planned, maxDead);
  // The last that the lease held here may have been one of them.
  const hasEnded = out.jobs.length === 0 && (await consumer.finish(keys, []));
  return hasEnded ? { ...out, expiresAt: undefined } : out;
}

/** What is the same when a request comes again; with the results, since one that was refused is mended. */
function digest(statements: readonly Statement[], next: number): string {
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

/** Why a lease may not act on a job: it is not its own any more, or never was a job. */
export async function staleError(core: Core, id: string): Promise<AppError> {
  try {
    const { status } = await findJob(core, id);
    return new AppError(
      'stale-lease',
      `The lease does not hold the job, which is ${status}. Drop what you did for it.`,
      {
        extensions: { jobStatus: status },
      },
    );
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code !== 'job-gone') return error;
    return new AppError(
      'stale-lease',
      'The lease does not hold the job, which has ended and is not kept any more.',
    );
  }
}
