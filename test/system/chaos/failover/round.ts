import { until } from '../../../helpers/redis/server.ts';
import type { Execution } from '../journal.ts';
import { type FailoverStack, SLOTS } from './stack.ts';
import type { Entry } from './traffic.ts';

/** What a fault does to the queues. */
export interface Hit {
  /** When it began, Unix ms: after the signal was delivered. */
  readonly at: number;
  /** Queues that it hits. */
  readonly queues: readonly string[];
  /** Brings back what is away. */
  readonly mend?: () => Promise<unknown>;
}

export interface Fault {
  readonly name: string;
  /** Jobs may be lost that were accepted so long before or after, ms: a server is lost, and its replica may lack the last ones. */
  readonly lossMs: number;
  make(): Promise<Hit>;
}

/** The figures of one fault. Times are ms. */
export interface Row {
  readonly fault: string;
  readonly accepted: number;
  readonly lost: number;
  /** Keys with more than one job. */
  readonly twoResults: number;
  /** Runs beyond the first of a job. */
  readonly doubled: number;
  /** Most jobs that ran when a server was lost: their ends may be lost with it. */
  readonly mayDouble: number;
  /** From the fault to the first 202 of a hit queue, and to the first start of a job that was submitted after it. */
  readonly firstAcceptedMs: number;
  readonly firstStartedMs: number;
  /** The longest time without an accepted submit in one of the hit queues. */
  readonly pauseMs: number;
  /** Jobs of the other queues that were accepted before the first one of a hit queue. */
  readonly others: number;
  readonly refused: number;
  /** Broken promises, in words. */
  readonly violations: readonly string[];
}

const WARM_UP = 150;
const AFTER = 150;
const END_MS = 40_000;
const ANSWER_MS = 5_000;
/** What an API may answer while Redis is away. `no answer` is none of them: a request never hangs. */
const EXPECTED = ['503 redis-unavailable', '503 not-replicated'];

/** Makes a fault while jobs flow, lets them flow until all queues are served again, and looks for every accepted job. */
export async function playRound(stack: FailoverStack, fault: Fault): Promise<Row> {
  const { traffic, journal } = stack;
  traffic.start();
  await until(() => traffic.entries.length >= WARM_UP, 'accepted jobs');
  const { at, queues, mend } = await fault.make();
  const after = (queue: string) => traffic.sentSince(at).find((entry) => entry.queue === queue);
  await until(
    () => queues.every(after),
    () => `an accepted job in each of ${queues.filter((one) => !after(one))}`,
  );
  const first = firstOf(traffic.sentSince(at).filter(({ queue }) => queues.includes(queue)));
  const started = await until(
    () => startedAfter(journal.executions, traffic.sentSince(at), queues),
    'a start',
  );
  await mend?.();
  const before = traffic.entries.length;
  await until(() => traffic.entries.length >= before + AFTER, 'accepted jobs after the fault');
  await traffic.stop();
  const entries = [...traffic.entries];
  const found = await judgeRound(stack, fault, entries, at);
  return {
    fault: fault.name,
    accepted: entries.length,
    ...found,
    firstAcceptedMs: first - at,
    firstStartedMs: started - at,
    pauseMs: Math.max(...queues.map((queue) => longestPause(entries, queue, at))),
    others: entries.filter((one) => !queues.includes(one.queue) && one.sentAt >= at && one.at < first).length,
    refused: [...traffic.refused.values()].reduce((sum, count) => sum + count, 0),
  };
}

const firstOf = (entries: readonly Entry[]): number => Math.min(...entries.map(({ at }) => at));

function startedAfter(runs: readonly Execution[], sent: readonly Entry[], queues: readonly string[]) {
  const ids = new Set(sent.filter(({ queue }) => queues.includes(queue)).flatMap((entry) => [...entry.ids]));
  return runs.find(({ id }) => ids.has(id))?.startedAt;
}

function longestPause(entries: readonly Entry[], queue: string, at: number): number {
  const times = entries.filter((one) => one.queue === queue).map((one) => one.at);
  const pauses = times.map((time, i) => (time < at ? 0 : time - (times[i - 1] ?? time)));
  return Math.max(0, ...pauses);
}

async function judgeRound(stack: FailoverStack, fault: Fault, entries: readonly Entry[], at: number) {
  const { traffic, journal, subscribers } = stack;
  const ends = await traffic.endsOf(entries, END_MS);
  const lost = entries.filter((entry) => ends.get(entry) === 'lost' || ends.get(entry) === undefined);
  const ended = entries.filter((entry) => !lost.includes(entry));
  const replayed = await traffic.replay(ended);
  const runs = runsByKey(journal.executions, entries);
  const twoResults = [...runs.values()].filter((ids) => new Set(ids).size > 1).length;
  const doubled = [...runs.values()].reduce((sum, ids) => sum + ids.length - new Set(ids).size, 0);
  // A server that is lost may take along the last jobs, and the ends of jobs.
  const mayDouble = fault.lossMs > 0 ? SLOTS : 0;
  // A server that is lost may take along a job. One that it left behind must end.
  const mayBeLost = (entry: Entry) => ends.get(entry) === 'lost' && Math.abs(entry.at - at) < fault.lossMs;
  const wrong = lost.filter((entry) => !mayBeLost(entry));
  const untold = fault.lossMs > 0 ? [] : await untoldEnds(ended, subscribers);
  const kinds = [...traffic.refused.keys()].filter((kind) => !EXPECTED.includes(kind));
  const say = (found: readonly unknown[], what: string) =>
    found.length === 0 ? [] : [`${fault.name}: ${found.length} ${what}, such as ${JSON.stringify(found[0])}`];
  const tell = ({ key, queue, ids, at: then }: Entry) => `${key} of ${queue} ${[...ids]} ${then - at} ms`;
  return {
    lost: lost.length,
    twoResults: twoResults + replayed.length,
    doubled,
    mayDouble,
    violations: [
      ...say(
        wrong.map((entry) => `${tell(entry)} ${ends.get(entry)}`),
        'accepted jobs were lost or did not end',
      ),
      ...say(
        ended
          .filter((entry) => ends.get(entry) !== 'completed')
          .map((entry) => `${tell(entry)} ${ends.get(entry)}`),
        'jobs did not complete',
      ),
      ...say(replayed.map(tell), 'keys were answered with two ids'),
      ...say(doubled > mayDouble ? [...runs].filter(([, ids]) => ids.length > 1) : [], 'jobs ran twice'),
      ...say(
        twoResults > mayDouble ? [...runs].filter(([, ids]) => new Set(ids).size > 1) : [],
        'keys have two jobs',
      ),
      ...say(untold, 'ends were not told to a subscription once'),
      ...say(kinds, 'kinds of answers were not expected'),
      ...say(
        traffic.slowestMs > ANSWER_MS ? [Math.round(traffic.slowestMs)] : [],
        'answers came late, after ms',
      ),
    ],
  };
}

/** The jobs that ran for each key, one for each run. */
function runsByKey(executions: readonly Execution[], entries: readonly Entry[]): Map<string, string[]> {
  const wanted = new Set(entries.map(({ key }) => key));
  const runs = new Map<string, string[]>();
  for (const { key, id } of executions) {
    if (wanted.has(key)) runs.set(key, [...(runs.get(key) ?? []), id]);
  }
  return runs;
}

/** Jobs whose end no subscription told, or told twice. Waits for those that are still to come. */
async function untoldEnds(
  ended: readonly Entry[],
  subscribers: FailoverStack['subscribers'],
): Promise<string[]> {
  let untold: string[] = [];
  await until(() => {
    untold = subscribers.flatMap(({ queue, ends }) =>
      ended
        .filter((entry) => entry.queue === queue)
        .flatMap(({ ids: [id = ''] }) => (ends.get(id)?.size === 1 ? [] : [`${id} ${ends.get(id)?.size}`])),
    );
    return untold.length === 0;
  }, 'the events').catch(() => undefined);
  return untold;
}

/** The rows as the lines of a table. */
export function rowsText(rows: readonly Row[]): string[] {
  const head = ['fault', 'accepted', 'lost', 'two results', 'doubled', 'first 202 ms', 'first start ms'];
  const more = ['longest pause ms', 'others meanwhile', 'refused'];
  const cells = rows.map((row) => [
    row.fault,
    ...[row.accepted, row.lost, row.twoResults, row.doubled, row.firstAcceptedMs, row.firstStartedMs],
    ...[row.pauseMs, row.others, row.refused],
  ]);
  const lines = [[...head, ...more], ...cells];
  const widths = lines[0]?.map((_, i) => Math.max(...lines.map((line) => String(line[i]).length))) ?? [];
  return lines.map((line) =>
    line
      .map((cell, i) => String(cell).padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
