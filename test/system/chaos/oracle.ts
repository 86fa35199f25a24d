import type { Job } from '../../../src/schemas/job.ts';
import type { QueueStats } from '../../../src/schemas/queue.ts';
import type { Accepted } from './clients.ts';
import type { Execution } from './journal.ts';

/** Something that may have let a job run once more: it hit these processes, from `at` to `until` (Unix ms). */
export interface Fault {
  readonly kind: string;
  readonly at: number;
  readonly until: number;
  /** Undefined: all that run handlers. */
  readonly pids: readonly number[] | undefined;
  /** Jobs that ran in them at that moment, as the journal of handlers says. */
  readonly inFlight: number;
}

/** How a job may end, apart from completed. */
export interface Expectation {
  /** Statuses in which this job may end. Default: completed only. */
  endings?: (key: string) => readonly Job['status'][];
}

/** Everything that is known at the end. */
export interface Evidence {
  accepted: readonly Accepted[];
  /** By id; undefined: gone. */
  finals: ReadonlyMap<string, Job | undefined>;
  executions: readonly Execution[];
  faults: readonly Fault[];
  stats: QueueStats;
  /** What is left in places that must be empty, by name: how much. */
  leftovers: Readonly<Record<string, number>>;
  /** Redis keys that no documentation knows. */
  unknownKeys: readonly string[];
  /** Lines of log that tell of a defect. */
  defects: readonly string[];
}

/** A few of each kind say enough. */
const SHOWN = 5;

/** Every broken promise, in words; empty when all were kept. */
export function judge(evidence: Evidence, expected: Expectation = {}): string[] {
  return [
    ...some('job', judgeJobs(evidence, expected)),
    ...some('execution', judgeExecutions(evidence)),
    ...judgeBooks(evidence),
    ...some('unknown key', evidence.unknownKeys),
    ...some('defect', evidence.defects),
  ];
}

function some(kind: string, found: readonly string[]): string[] {
  const shown = found.slice(0, SHOWN).map((text) => `${kind}: ${text}`);
  return found.length > SHOWN ? [...shown, `${kind}: ${found.length - SHOWN} more`] : shown;
}

function judgeJobs({ accepted, finals, executions }: Evidence, expected: Expectation): string[] {
  const ran = new Set(executions.map(({ id }) => id));
  return accepted.flatMap(({ key, ids }) => {
    const [id = '', ...others] = ids;
    if (others.length > 0) return [`${key} has ${ids.size} ids: ${[...ids].join(', ')}`];
    const job = finals.get(id);
    if (job === undefined) return [`${key} was accepted as ${id} and is lost`];
    const endings = expected.endings?.(key) ?? ['completed'];
    if (!endings.includes(job.status)) return [`${key} ended as ${job.status} (${id})`];
    if (job.status !== 'completed') return [];
    if (!ran.has(id)) return [`${key} is completed and no handler ever ran it (${id})`];
    return keyOf(job.result) === key ? [] : [`${key} has the result of ${keyOf(job.result)} (${id})`];
  });
}

const keyOf = (result: unknown): string =>
  typeof result === 'object' && result !== null && 'key' in result ? String(result.key) : String(result);

/** A second execution needs a reason: the one before failed, was released, or was hit by a fault. */
function judgeExecutions({ executions, faults, accepted }: Evidence): string[] {
  const known = new Set(accepted.flatMap(({ ids }) => [...ids]));
  const strangers = executions.filter(({ id }) => !known.has(id)).map(({ id }) => `of ${id}, never accepted`);
  const wrong = repeats(executions)
    .filter(({ before, again }) => !faults.some((fault) => explains(fault, before, again)))
    .map(
      ({ before, again }) =>
        `${again.run} ran ${again.id} again (attempt ${again.attempt}) after ${before.run} (attempt ${before.attempt}), and no fault explains it`,
    );
  return [...strangers, ...wrong];
}

export interface Repeat {
  before: Execution;
  again: Execution;
}

/** Executions beyond the first of a job, each with the one before; those that a failure planned do not count. */
export function repeats(executions: readonly Execution[]): Repeat[] {
  const last = new Map<string, Execution>();
  const found: Repeat[] = [];
  for (const again of executions) {
    const before = last.get(again.id);
    last.set(again.id, again);
    if (before !== undefined && before.failed !== true) found.push({ before, again });
  }
  return found;
}

/** The fault hit the process while it held the job, or what it held from it. */
const explains = (fault: Fault, before: Execution, again: Execution): boolean =>
  (fault.pids === undefined || fault.pids.includes(before.pid)) &&
  fault.until >= before.startedAt &&
  fault.at <= again.startedAt;

function judgeBooks({ stats, leftovers, accepted }: Evidence): string[] {
  const { counts, totals } = stats;
  const held = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const gone = totals.completed + totals.cancelled + totals.expired + totals.purged;
  const ids = accepted.reduce((sum, one) => sum + one.ids.size, 0);
  return [
    ...(totals.submitted === held + gone
      ? []
      : [`books: ${totals.submitted} submitted are not ${held} held + ${gone} ended`]),
    ...(totals.submitted === ids ? [] : [`books: ${ids} jobs were accepted, ${totals.submitted} are stored`]),
    ...Object.entries(leftovers)
      .filter(([, count]) => count !== 0)
      .map(([place, count]) => `left over: ${count} in ${place}`),
  ];
}
