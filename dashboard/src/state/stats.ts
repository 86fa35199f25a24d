import { useEffect, useState } from 'preact/hooks';
import { call } from '../net/api.ts';
import { pathOf } from '../net/places.ts';
import type { QueueStats } from '../net/types.ts';
import { useLoad } from './load.ts';

/** What happened between two readings, per minute, and how the queue was at the second one. */
export interface Sample {
  /** Unix seconds. */
  readonly at: number;
  readonly submitted: number;
  readonly completed: number;
  readonly failed: number;
  readonly queued: number;
  readonly running: number;
}

/** Statistics of a queue, with those that were read before while the page was open. */
export interface Reading {
  readonly stats: QueueStats;
  /** The newest last. */
  readonly samples: readonly Sample[];
}

const EVERY_MS = 4_000;
const KEPT = 60;
const AT_A_TIME = 4;

/** Kept while the page is open, so that a chart is there when the reader comes back. */
const readings = new Map<string, Reading>();

export function note(stats: QueueStats): Reading {
  const before = readings.get(stats.queue);
  const reading: Reading = {
    stats,
    samples: [...(before?.samples ?? []), sampleOf(stats, before)].slice(-KEPT),
  };
  readings.set(stats.queue, reading);
  return reading;
}

function sampleOf({ totals, rates, counts }: QueueStats, before: Reading | undefined): Sample {
  const at = Date.now() / 1_000;
  const { queued, running } = counts;
  const last = before?.samples.at(-1);
  if (before === undefined || last === undefined) {
    const { submittedPerMin: submitted, completedPerMin: completed, failedPerMin: failed } = rates;
    return { at, submitted, completed, failed, queued, running };
  }
  const perMinute = (name: 'submitted' | 'completed' | 'failed'): number =>
    Math.max(
      0,
      Math.round(((totals[name] - before.stats.totals[name]) * 60) / Math.max(at - last.at, 0.001)),
    );
  return {
    at,
    submitted: perMinute('submitted'),
    completed: perMinute('completed'),
    failed: perMinute('failed'),
    queued,
    running,
  };
}

/** Readings of the queues that are seen, read again every few seconds. */
export function useReadings(names: readonly string[]): ReadonlyMap<string, Reading> {
  const [, redraw] = useState(0);
  const { data } = useLoad(
    names.join(' '),
    async (signal) => {
      const wanted = [...names];
      const read = async (): Promise<void> => {
        for (let name = wanted.shift(); name !== undefined; name = wanted.shift()) {
          // A queue that was removed a moment ago has no statistics.
          const stats = await call<QueueStats>(`${pathOf('queues', name)}/stats`, { signal }).catch(
            ignoreRefusal,
          );
          if (stats !== undefined) note(stats);
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, read));
      return performance.now();
    },
    { everyMs: EVERY_MS },
  );
  useEffect(() => redraw((count) => count + 1), [data]);
  return readings;
}

const ignoreRefusal = (error: unknown): undefined => {
  if (error instanceof TypeError || (error instanceof DOMException && error.name === 'AbortError'))
    throw error;
  return undefined;
};

/** The reading of one queue. */
export function useReading(name: string): { reading: Reading | undefined; error: Error | undefined } {
  const { data, error } = useLoad(
    `stats of ${name}`,
    async (signal) => note(await call<QueueStats>(`${pathOf('queues', name)}/stats`, { signal })),
    { everyMs: EVERY_MS, on: ({ queue }) => queue === name },
  );
  return { reading: data, error };
}
