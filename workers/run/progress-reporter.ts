import type { Consumer } from '../../src/lifecycle/consumer.ts';
import { toFaultEvent } from '../../src/maintenance/fault-event.ts';
import type { Observer } from '../../src/observer.ts';
import { progressText } from '../progress-text.ts';
import type { RunningJob } from './running-job.ts';

/** Reports of one attempt are written at most this often; the last one wins. */
const EVERY_MS = 100;

/**
 * Makes `ctx.progress` for one attempt. A report is a courtesy: one that cannot be written is dropped.
 *
 * @throws {TypeError} (from the made function) as `progressText` does.
 */
export function progressReporter(
  consumer: Consumer,
  running: RunningJob,
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
    const { keys, token } = running.delivery;
    try {
      const ours = await consumer.recordProgress(keys, { ref: running.ref, token }, value);
      if (!ours && !stopped) running.abort('lease-lost');
    } catch (error) {
      observe(toFaultEvent('progress', error));
    }
  };

  return {
    report: (value) => {
      latest = progressText(value);
      if (timer === undefined) void write();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
