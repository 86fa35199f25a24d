import type { Clock } from '../../clock.ts';
import type { Sink } from '../io.ts';
import { cutTo } from './width.ts';

/** A bar on a terminal; nothing elsewhere. */
export interface Progress {
  /** `total`: undefined while nobody knows it. */
  show(done: number, total: number | undefined): Promise<void>;
  /** Leaves a clean line. */
  clear(): Promise<void>;
}

const BAR = 24;
const EVERY_MS = 100;
const NUMBER = new Intl.NumberFormat('en-US');

/** @param unit what is counted, such as `jobs` */
export function createProgress(err: Sink, clock: Clock, unit: string): Progress {
  const startedAt = clock.monotonic();
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    show: async (done, total) => {
      const now = clock.monotonic();
      if (!err.isTerminal || now - shownAt < EVERY_MS) return;
      shownAt = now;
      const text = progressText(done, total, (now - startedAt) / 1_000, unit);
      await err.write(`\r\u001b[K${cutTo(text, err.columns() - 1)}`);
    },
    clear: async () => {
      if (err.isTerminal && shownAt > Number.NEGATIVE_INFINITY) await err.write('\r\u001b[K');
    },
  };
}

/** The line: the bar and the share where the total is known, the count, the rate and the time left. */
export function progressText(done: number, total: number | undefined, seconds: number, unit: string): string {
  const rate = seconds > 0 ? done / seconds : 0;
  const speed = `${NUMBER.format(Math.round(rate))}/s`;
  if (total === undefined || total === 0) return `${NUMBER.format(done)} ${unit}  ${speed}`;
  const share = Math.min(1, done / total);
  const filled = Math.round(share * BAR);
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}]`;
  const left = rate > 0 ? `  ${Math.ceil(Math.max(0, total - done) / rate)} s left` : '';
  const counts = `${NUMBER.format(done)} of ${NUMBER.format(total)} ${unit}`;
  return `${bar} ${Math.floor(share * 100)}%  ${counts}  ${speed}${left}`;
}
