import type { Observer } from '../src/observer.ts';
import type { Consumer } from '../src/queue/consume.ts';
import { isUnavailable } from '../src/redis/connect.ts';
import type { Running } from './running.ts';

/** Reports of one attempt are written at most this often; the last one wins. */
const EVERY_MS = 100;

/** Longest progress that is written, in characters of JSON. */
const MAX_LENGTH = 16_000;

/**
 * Makes `ctx.progress` for one attempt. A report is a courtesy: one that cannot be written is dropped.
 *
 * @throws {TypeError} (from the made function) when the value is not JSON or too long.
 */
export function progressReporter(
  consumer: Consumer,
  running: Running,
  observe: Observer,
): { report: (value: unknown) => void; stop: () => void } {
  let latest: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const write = async () => {
    timer = undefined;
    if (latest === undefined || stopped) return;
    const value = latest;
    latest = undefined;
    timer = setTimeout(() => void write(), EVERY_MS);
    const { keys, attempt } = running.delivery;
    try {
      const ours = await consumer.noteProgress(keys, { ref: running.ref, attempt }, value);
      if (!ours && !stopped) running.abort('lease-lost');
    } catch (error) {
      observe({ kind: isUnavailable(error) ? 'redis-trouble' : 'defect', where: 'progress', error });
    }
  };

  return {
    report: (value) => {
      const text: string | undefined = JSON.stringify(value ?? null);
      if (text === undefined || text.length > MAX_LENGTH) {
        throw new TypeError(`progress takes JSON of at most ${MAX_LENGTH} characters`);
      }
      latest = text;
      if (timer === undefined) void write();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
