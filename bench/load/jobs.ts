// A load of jobs with an index of their own each, as a process: its CPU time is not the server's.
import { serve } from '../serve.ts';
import type { TaskName } from '../tasks/_work.ts';
import { eachArrival, machineMs, poisson } from './arrivals.ts';
import { requestBytes } from './http.ts';
import { type Percentiles, percentiles } from './percentiles.ts';
import { type HttpAnswer, HttpPool } from './pool.ts';

/** Where jobs go to, and with which index the next one begins. */
export interface JobTarget {
  readonly port: number;
  readonly connections: number;
  /** Such as `/jobs?wait=10`. */
  readonly path: string;
  /** Status of every answer. */
  readonly expected: number;
  readonly task: TaskName;
  /** Index of the first job. */
  readonly first: number;
  /** About the length of each payload, bytes of JSON; as short as can be when left out. */
  readonly payloadBytes?: number | undefined;
}

/** Each connection sends its next job as soon as it has its answer, until there are so many or the time is over. */
export interface Flood extends JobTarget {
  readonly do: 'flood';
  readonly jobs: number;
  readonly ms: number;
}

export interface Flooded {
  readonly count: number;
  readonly seconds: number;
}

/** Jobs come when they come (Poisson), however long the answers take. */
export interface Arrive extends JobTarget {
  readonly do: 'arrive';
  /** Jobs a second. */
  readonly rate: number;
  readonly ms: number;
  /** Jobs of this first stretch are left out of the latencies. */
  readonly warmUpMs: number;
  readonly seed: number;
}

/** Times in ms from the moment at which a job was to be sent, whenever it was. */
export interface Arrived {
  /** Jobs sent, warm-up and all. */
  readonly count: number;
  /** To the answer. */
  readonly answer: Percentiles;
  /** To the start of the handler, where the result is what the task `stamp` gives. */
  readonly start?: Percentiles;
}

/** Beside the data that gives a payload its length. */
const FRAME_BYTES = '{"i":12345,"data":""}'.length;

/** Makes the request for the job with this index. */
function requests({ path, task, payloadBytes = 0 }: JobTarget): (index: number) => Buffer {
  const filled = payloadBytes > FRAME_BYTES && { data: 'x'.repeat(payloadBytes - FRAME_BYTES) };
  return (i) =>
    requestBytes({
      method: 'POST',
      path,
      contentType: 'application/json',
      body: JSON.stringify({ task, payload: { i, ...filled } }),
    });
}

async function withPool<T>(
  { port, connections }: JobTarget,
  use: (pool: HttpPool) => Promise<T>,
): Promise<T> {
  const pool = await HttpPool.open(port, connections);
  try {
    return await use(pool);
  } finally {
    pool.close();
  }
}

function checked({ expected }: JobTarget, { status, body }: HttpAnswer): string {
  if (status !== expected) throw new Error(`${status} instead of ${expected}: ${body}`);
  return body;
}

const flood = (plan: Flood): Promise<Flooded> =>
  withPool(plan, async (pool) => {
    const request = requests(plan);
    const start = performance.now();
    let count = 0;
    const loop = async (): Promise<void> => {
      while (count < plan.jobs && performance.now() < start + plan.ms) {
        const index = plan.first + count;
        count += 1;
        checked(plan, await pool.send(request(index)));
      }
    };
    await Promise.all(Array.from({ length: plan.connections }, loop));
    return { count, seconds: (performance.now() - start) / 1_000 };
  });

const STAMP = /"result":(\d+(?:\.\d+)?)/;

const arrive = (plan: Arrive): Promise<Arrived> =>
  withPool(plan, async (pool) => {
    const times = poisson(plan.rate, plan.ms, plan.seed);
    const request = requests(plan);
    const made = Array.from(times, (_, i) => request(plan.first + i));
    const answers: number[] = [];
    const starts: number[] = [];
    const send = async (i: number, intendedMs: number): Promise<void> => {
      const answer = await pool.send(made[i] ?? Buffer.alloc(0));
      const answeredMs = machineMs();
      const stamp = STAMP.exec(checked(plan, answer))?.[1];
      if ((times[i] ?? 0) < plan.warmUpMs) return;
      answers.push(answeredMs - intendedMs);
      if (stamp !== undefined) starts.push(Number(stamp) - intendedMs);
    };
    const sent: Promise<void>[] = [];
    await eachArrival(times, (i, intendedMs) => sent.push(send(i, intendedMs)));
    await Promise.all(sent);
    const answer = percentiles(answers);
    return {
      count: times.length,
      answer,
      ...(starts.length === answers.length && { start: percentiles(starts) }),
    };
  });

serve({ flood, arrive });
