import { encodeProgress } from '../../../src/attempts/progress.ts';
import type { Consumer } from '../../../src/lifecycle/consumer.ts';
import { toFaultEvent } from '../../../src/maintenance/fault-event.ts';
import type { Observer } from '../../../src/observer.ts';
import type { RunningJob } from '../running-job.ts';

/** Progress of one attempt is written at most this often; the last report wins. */
const WRITE_EVERY_MS = 100;

/**
 * Makes `ctx.progress` for one attempt. A report that cannot be written is dropped: the next one replaces it.
 *
 * `report` throws what `encodeProgress` does.
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
    timer = setTimeout(() => void write(), WRITE_EVERY_MS);
    const { keys, token } = running.delivery;
    try {
      const isOwner = await consumer.recordProgress(keys, { ref: running.ref, token }, value);
      if (!isOwner && !stopped) running.abort('lease-lost');
    } catch (error) {
      observe(toFaultEvent('progress', error));
    }
  };

  return {
    report: (value) => {
      latest = encodeProgress(value);
      if (timer === undefined) void write();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
