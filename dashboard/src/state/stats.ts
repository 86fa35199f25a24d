import { useEffect, useState } from 'preact/hooks';
import { call } from '../net/api.ts';
import { pathOf } from '../net/places.ts';
import type { QueueStats } from '../net/types.ts';
import { useLoad } from './load.ts';

/** Statistics of a queue, and how many jobs ended between the last readings. */
export interface Reading {
  readonly stats: QueueStats;
  /** Jobs that ended per minute, between two readings each; the newest last. */
  readonly ended: readonly number[];
  readonly failed: readonly number[];
  readonly at: number;
}

const EVERY_MS = 4_000;
const KEPT = 60;
const AT_A_TIME = 4;

/** Kept while the page is open, so that a chart is there when the reader comes back. */
const readings = new Map<string, Reading>();

const perMinute = (now: number, before: number, ms: number): number =>
  Math.max(0, Math.round(((now - before) * 60_000) / Math.max(ms, 1)));

export function note(stats: QueueStats): Reading {
  const before = readings.get(stats.queue);
  const at = performance.now();
  const { completed, failed } = stats.totals;
  const reading: Reading =
    before === undefined
      ? { stats, at, ended: [stats.rates.completedPerMin], failed: [stats.rates.failedPerMin] }
      : {
          stats,
          at,
          ended: next(before.ended, perMinute(completed, before.stats.totals.completed, at - before.at)),
          failed: next(before.failed, perMinute(failed, before.stats.totals.failed, at - before.at)),
        };
  readings.set(stats.queue, reading);
  return reading;
}

const next = (values: readonly number[], value: number): readonly number[] => [...values, value].slice(-KEPT);

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
