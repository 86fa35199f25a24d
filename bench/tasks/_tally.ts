import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a worker process is told by its environment about the tally that it keeps. */
export interface TallyEnv extends NodeJS.ProcessEnv {
  /** Folder for the tally: written when the process ends, so that keeping it costs next to nothing. */
  readonly BENCH_TALLY: string;
  /** Number of jobs. */
  readonly BENCH_JOBS: string;
  /** Executions of this process that are warm-up for `picked`. */
  readonly BENCH_WARM_UP: string;
}

const { BENCH_TALLY = '', BENCH_JOBS, BENCH_WARM_UP } = process.env as Partial<TallyEnv>;
const counts = new Uint8Array(Number(BENCH_JOBS));
const gaps: number[] = [];
let executions = 0;
let endedAt = 0;

/** Notes that the job with this index is executed. */
export function executed(index: number): void {
  counts[index] = (counts[index] ?? 0) + 1;
  executions += 1;
}

/** Notes how long this process has waited for this job since the end of the one before. */
export function picked(): void {
  if (executions > Number(BENCH_WARM_UP)) gaps.push(performance.now() - endedAt);
}

/** Notes the end of a job, for `picked`. */
export function ended(): void {
  endedAt = performance.now();
}

// A process that loads the tasks but runs none, as the parent of our workers, has nothing to tell.
process.on('exit', () => {
  if (executions === 0) return;
  writeFileSync(join(BENCH_TALLY, `${process.pid}.counts`), counts);
  writeFileSync(join(BENCH_TALLY, `${process.pid}.gaps`), Float64Array.from(gaps));
});
