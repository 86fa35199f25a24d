import { createHash } from 'node:crypto';
import { AppError } from '../errors.ts';
import { parseJobId } from '../redis/entry.ts';
import type { LeasedJob } from '../schemas/lease.ts';
import type { SettledJob } from '../schemas/settle.ts';
import type { Core } from './core.ts';
import { findJob } from './find.ts';
import type { HandedOut, HandOut } from './hand-out.ts';
import type { Lease } from './lease-token.ts';
import type { LeasedConsumer } from './leased.ts';
import { type Item, type ItemOutcome, type Said, settleItems } from './settle-items.ts';

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
  expiresAt: number;
  /** The lease has ended, so that no jobs were taken under it. */
  isLost: boolean;
}

/** Settles jobs of a lease, queue by queue, and takes the next ones in the same steps. */
export async function settle(parts: SettleParts, statements: readonly Statement[]): Promise<SettledAll> {
  const { lease, next } = parts;
  const outcomes: ItemOutcome[] = [];
  const byQueue = sort(lease, statements, outcomes);
  const request = next > 0 ? digest(statements, next) : undefined;
  const all = { jobs: [] as LeasedJob[], expiresAt: 0, isLost: false };
  let isAlive = false;
  for (const queue of new Set([...lease.queues, ...byQueue.keys()])) {
    const ranked = byQueue.get(queue) ?? [];
    const count = lease.queues.includes(queue) ? next - all.jobs.length : 0;
    if (ranked.length === 0 && count < 1) continue;
    const out = await settleQueue(parts, queue, ranked, outcomes, { count, request, isAlive });
    isAlive ||= out.isAlive;
    all.jobs.push(...out.jobs);
    all.expiresAt = Math.max(all.expiresAt, out.expiresAt);
    all.isLost ||= out.isLost;
  }
  return { ...all, outcomes: await Promise.all(outcomes.map((outcome) => explain(parts.core, outcome))) };
}

type Ranked = { rank: number; item: Item };

/** Items by queue; of what is in none of the lease's queues Redis is not asked. */
function sort(
  { queues }: Lease,
  statements: readonly Statement[],
  outcomes: ItemOutcome[],
): Map<string, Ranked[]> {
  const byQueue = new Map<string, Ranked[]>();
  statements.forEach((statement, rank) => {
    const parsed = parseJobId(statement.id);
    if (parsed === undefined || !queues.includes(parsed.queue)) {
      outcomes[rank] = { id: statement.id, ok: false, error: 'stale' };
      return;
    }
    const ranked = byQueue.get(parsed.queue) ?? [];
    ranked.push({ rank, item: { ...statement, ref: parsed.ref } });
    byQueue.set(parsed.queue, ranked);
  });
  return byQueue;
}

async function settleQueue(
  { core, handOut, maxDead, lease, consumer, tasks }: SettleParts,
  queue: string,
  ranked: readonly Ranked[],
  outcomes: ItemOutcome[],
  order: { count: number; request: string | undefined; isAlive: boolean },
): Promise<HandedOut & { isAlive: boolean }> {
  const keys = core.keySpace.queue(queue);
  const items = ranked.map(({ item }) => item);
  const settled = await settleItems(core, consumer, keys, items, maxDead);
  const isAlive = order.isAlive || settled.held > 0;
  const completions = settled.completions.map(({ completion }) => completion);
  const { latency } = settled;
  const { leaseMs } = lease;
  const isNothing =
    order.count < 1 && settled.outcomes.every((one) => one?.ok === false && one.error === 'stale');
  const out = isNothing
    ? NOTHING
    : await handOut.run({ consumer, keys, leaseMs, tasks, completions, latency, ...order, isAlive });
  settled.completions.forEach(({ index, completion }, i) => {
    const { id } = items[index] ?? { id: '' };
    const status = completion.status === 'cancelled' ? 'cancelled' : 'completed';
    settled.outcomes[index] =
      out.settled[i] === 'stale' ? { id, ok: false, error: 'stale' } : { id, ok: true, status };
  });
  ranked.forEach(({ rank, item: { id } }, index) => {
    outcomes[rank] = settled.outcomes[index] ?? { id, ok: false, error: 'stale' };
  });
  return { ...out, isAlive };
}

/** A queue of which the lease has held nothing, and wants nothing, may not even be there. */
const NOTHING: HandedOut = {
  settled: [],
  jobs: [],
  deliveries: [],
  expiresAt: 0,
  isPaused: false,
  isLost: false,
  nextDueInMs: undefined,
};

/** What is the same when a request comes again. */
const digest = (statements: readonly Statement[], next: number): string =>
  createHash('sha1')
    .update(JSON.stringify([next, statements.map(({ id, said }) => [id, said(0).kind])]))
    .digest('base64url');

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
      'The lease does not hold the job, which has ended and is not kept any more. Drop what you did for it.',
    );
  }
}
