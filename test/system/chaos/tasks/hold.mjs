import { record } from '../execution.mjs';

const TICK_MS = 20;
/** A clock that jumped this far between two ticks belongs to a process that was stopped, not to a busy machine. */
const FROZEN_MS = 4_000;

/**
 * Its first attempt goes on until its signal fires or, with `until: 'thawed'`, until its process was stopped
 * and goes on, and then finishes as if nothing had happened. Later attempts finish at once.
 */
export default {
  attempts: 100,
  handler: ({ key, until = 'signal' }, ctx) => {
    const note = record(ctx, key);
    const finish = () => {
      note('end');
      return { key, attempt: ctx.job.attempt };
    };
    if (ctx.job.attempt > 1) return finish();
    return new Promise((resolve) => {
      let last = Date.now();
      const timer = setInterval(() => {
        const now = Date.now();
        if (ctx.signal.aborted || (until === 'thawed' && now - last > FROZEN_MS)) {
          clearInterval(timer);
          resolve(finish());
        }
        last = now;
      }, TICK_MS);
    });
  },
};
