import type { Bed, BedProcess, Contender, Figures, Scenario } from '../contract.ts';
import { Progress, rateBetween } from '../progress.ts';
import type { JobQueue } from '../queues/queue.ts';
import { openTally } from '../tally.ts';
import type { TaskName } from '../tasks/_work.ts';
import { Usage } from '../usage.ts';

/** How jobs are run in a round. */
export interface RunPlan {
  readonly task: TaskName;
  readonly processes: number;
  /** Of each process. */
  readonly concurrency: number;
  /** Jobs for some seconds, by contender: each needs enough of them to be measured for about the same time. */
  readonly jobs: Readonly<Record<string, number>>;
  /** Executions of the job with this index; once when left out. */
  readonly executions?: (index: number) => number;
}

export const RUN_FIGURES = ['rate', 'workerCpu', 'redisCpu', 'commands'];

/** Share of the jobs that is left out of count and clock alike. */
export const WARM_UP = 0.15;
const QUICK_SHARE = 0.2;
const LIMIT_MS = 60_000;

/** A scenario in which each of these queues runs jobs that are all there from the start. */
export function runScenario(
  head: Omit<Scenario, 'contenders' | 'figures'>,
  queues: readonly JobQueue[],
  plan: RunPlan,
): Scenario {
  const contenders = queues.map((queue) => runContender(queue, plan));
  return { ...head, contenders, figures: RUN_FIGURES };
}

const runContender = (queue: JobQueue, plan: RunPlan): Contender => ({
  id: queue.id,
  label: queue.label,
  run: (bed) => runRound(bed, queue, plan),
});

/**
 * The workers stand ready and idle when the jobs are stored in one go, so that no process starts up within the
 * measurement; it lasts from the end of the warm-up to the moment at which the last result can be read.
 */
async function runRound(bed: Bed, queue: JobQueue, plan: RunPlan): Promise<Figures> {
  const { task, processes, concurrency } = plan;
  const count = Math.round((plan.jobs[queue.id] ?? 0) * (bed.quick ? QUICK_SHARE : 1));
  const tally = await openTally(bed, count);
  const workers = await queue.startWorkers(bed, { task, processes, concurrency, env: tally.env });
  await queue.fill(bed.redis, { task, count });
  const figures = await measureRun(bed, queue, workers, count);
  await Promise.all(workers.map((worker) => worker.stop()));
  await tally.check(plan.executions);
  await checkResults(bed, queue, count);
  return figures;
}

async function measureRun(
  bed: Bed,
  queue: JobQueue,
  workers: readonly BedProcess[],
  count: number,
): Promise<Figures> {
  const progress = new Progress(() => queue.finished(bed.redis, count), LIMIT_MS);
  const from = await progress.until(count * WARM_UP);
  const usage = await Usage.since(bed, { workerCpu: workers });
  const looksBefore = progress.looks;
  const to = await progress.until(count);
  const spent = await usage.perJob(to.count - from.count, progress.looks - looksBefore);
  return { rate: rateBetween(from, to), ...spent };
}

/** @throws {Error} when there is not exactly one result for each job. */
export async function checkResults(bed: Bed, queue: JobQueue, count: number): Promise<void> {
  const finished = await queue.finished(bed.redis, count);
  const results = await queue.results(bed.redis);
  if (finished === count && results === count) return;
  throw new Error(`${queue.label}: ${finished} finished and ${results} results of ${count} jobs`);
}
