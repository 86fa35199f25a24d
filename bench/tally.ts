import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Bed } from './contract.ts';
import type { TallyEnv } from './tasks/_tally.ts';

/** Executions of each job, kept by the worker processes in memory and written as they end. */
export interface Tally {
  /** For the worker processes. */
  readonly env: TallyEnv;
  /**
   * Call it when the workers have ended.
   *
   * @param expected executions of the job with this index; once when left out.
   * @throws {Error} when a job was executed more or less often.
   */
  check(expected?: (index: number) => number): Promise<void>;
  /** Executions in all. */
  executions(): Promise<number>;
  /** What `picked` noted, ms. */
  gaps(): Promise<Float64Array>;
}

/** A tally in the folder of the bed's Redis, which is gone with the bed. */
export async function openTally(bed: Bed, jobs: number, warmUp = 0): Promise<Tally> {
  const dir = await mkdtemp(join(dirname(bed.redis.socketPath), 'tally-'));
  const read = async (kind: string): Promise<Buffer[]> => {
    const files = (await readdir(dir)).filter((name) => name.endsWith(kind));
    return Promise.all(files.map((name) => readFile(join(dir, name))));
  };
  const counts = async (): Promise<Uint32Array> => {
    const sums = new Uint32Array(jobs);
    for (const part of await read('.counts')) for (const [i, count] of part.entries()) add(sums, i, count);
    return sums;
  };
  return {
    env: { BENCH_TALLY: dir, BENCH_JOBS: String(jobs), BENCH_WARM_UP: String(warmUp) },
    check: async (expected = () => 1) => compare(await counts(), expected),
    executions: async () => (await counts()).reduce((sum, count) => sum + count, 0),
    gaps: async () => {
      const parts = await read('.gaps');
      const values = parts.flatMap((part) => [...new Float64Array(new Uint8Array(part).buffer)]);
      return Float64Array.from(values);
    },
  };
}

function add(sums: Uint32Array, i: number, count: number): void {
  sums[i] = (sums[i] ?? 0) + count;
}

function compare(counts: Uint32Array, expected: (index: number) => number): void {
  const wrong = [...counts.keys()].filter((i) => counts[i] !== expected(i));
  if (wrong.length === 0) return;
  const some = wrong.slice(0, 5).map((i) => `job ${i} ${counts[i]} times instead of ${expected(i)}`);
  throw new Error(`${wrong.length} jobs were not executed as often as they should be: ${some.join(', ')}`);
}
