import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { seeded } from '../../test/system/chaos/random.ts';

/** The monotonic clock that all threads and processes of a machine share, ms. */
export const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Times of `rate` arrivals a second for so long, each independent of the others (Poisson); ms from the start. */
export function poisson(rate: number, ms: number, seed: number): Float64Array {
  const random = seeded(seed);
  const times: number[] = [];
  for (let at = 0; at < ms; at += (-Math.log(1 - random.next()) / rate) * 1_000) times.push(at);
  return Float64Array.from(times);
}

interface Plan {
  /** By `machineMs`. */
  readonly start: number;
  /** ms from the start. */
  readonly times: Float64Array;
}

/** Bounds how often the sending thread is woken. */
const SHORTEST_PAUSE_MS = 0.2;
const LEAD_MS = 50;

/**
 * Calls `arrive` with the index and the intended time (by `machineMs`) of each arrival, when it is due. A thread of its
 * own sleeps in between: the timers of an event loop are as coarse as the latencies that are to be measured.
 */
export async function eachArrival(
  times: Float64Array,
  arrive: (index: number, intendedMs: number) => void,
): Promise<void> {
  const plan: Plan = { start: machineMs() + LEAD_MS, times };
  const thread = new Worker(new URL(import.meta.url), { workerData: plan });
  let next = 0;
  thread.on('message', (due: number) => {
    for (; next < due; next += 1) arrive(next, plan.start + (times[next] ?? 0));
  });
  await once(thread, 'exit');
}

function sleepAndTell({ start, times }: Plan): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let next = 0; next < times.length; ) {
    const waitMs = start + (times[next] ?? 0) - machineMs();
    Atomics.wait(never, 0, 0, Math.max(waitMs, SHORTEST_PAUSE_MS));
    const now = machineMs() - start;
    while (next < times.length && (times[next] ?? 0) <= now) next += 1;
    parentPort?.postMessage(next);
  }
}

if (!isMainThread) sleepAndTell(workerData as Plan);
