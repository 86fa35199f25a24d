import { fileURLToPath } from 'node:url';
import type { Bed, BedProcess, BedRedis } from '../contract.ts';
import type { TaskName } from '../tasks/_work.ts';

/** Jobs to be stored; their payloads are `{"i":<index>}`, with a string beside it for length. */
export interface Filling {
  readonly task: TaskName;
  readonly count: number;
  /** Index of the first one; 0 when left out. */
  readonly first?: number;
  /** Length of each payload, bytes of JSON; as short as can be without it. */
  readonly payloadBytes?: number;
}

export interface Crew {
  readonly task: TaskName;
  readonly processes: number;
  /** Of each process. */
  readonly concurrency: number;
  /** For the tally that the tasks keep. */
  readonly env: NodeJS.ProcessEnv;
}

/** One of the job queues that are compared, as far as running jobs goes. */
export interface JobQueue {
  readonly id: string;
  readonly label: string;
  /** Stores jobs as its own producer does, within the server and so in a moment; workers that idle are woken. */
  fill(redis: BedRedis, filling: Filling): Promise<void>;
  /** Resolves when all of them take jobs. */
  startWorkers(bed: Bed, crew: Crew): Promise<BedProcess[]>;
  /** Jobs whose result can be read; one cheap command. */
  finished(redis: BedRedis, submitted: number): Promise<number>;
  /** Results that are there, counted one by one. */
  results(redis: BedRedis): Promise<number>;
}

/** Name of the peers' queue. */
export const QUEUE = 'bench';
/** Compiled, as `npm run bench` has done. */
export const TASKS_DIR = fileURLToPath(new URL('../dist/bench/tasks', import.meta.url));

/** Jobs in one call: Redis must not be busy for so long that somebody gives it up. */
const CHUNK = 100_000;
const FRAME_BYTES = '{"i":12345,"data":""}'.length;

/**
 * Calls a script that stores the jobs from index ARGV[1] to ARGV[2] for the task ARGV[3]; ARGV[4] is the tail of each
 * payload behind its index.
 */
export async function fillBy(
  script: string,
  redis: BedRedis,
  { task, count, first = 0, payloadBytes = 0 }: Filling,
): Promise<void> {
  const isLong = payloadBytes > FRAME_BYTES;
  const tail = isLong ? `,"data":"${'x'.repeat(payloadBytes - FRAME_BYTES)}"}` : '}';
  for (let i = first; i < first + count; i += CHUNK) {
    await redis.call('EVAL', script, 0, i, Math.min(i + CHUNK, first + count) - 1, task, tail);
  }
}

/** Number of keys like the pattern. */
export const countKeys = async (redis: BedRedis, pattern: string): Promise<number> =>
  Number(await redis.call('EVAL', `return #redis.call('KEYS', ARGV[1])`, 0, pattern));

/** Starts worker processes of a peer. */
export const startPeers = (bed: Bed, file: string, { task, processes, concurrency, env }: Crew) =>
  Promise.all(
    Array.from({ length: processes }, () =>
      bed.start({
        name: file,
        file: new URL(`../peers/${file}`, import.meta.url),
        env: {
          REDIS_SOCKET: bed.redis.socketPath,
          QUEUE,
          ...env,
          TASK: task,
          CONCURRENCY: String(concurrency),
        },
      }),
    ),
  );
