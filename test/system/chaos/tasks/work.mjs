import { setTimeout as sleep } from 'node:timers/promises';
import { record } from '../execution.mjs';

/** Takes `ms`, fails in its first `failures` attempts and before `healthyAt` (Unix ms), and returns its key. */
export default {
  attempts: 100,
  backoff: { type: 'fixed', delay: 20, jitter: 0 },
  handler: async ({ key, ms = 0, failures = 0, healthyAt = 0 }, ctx) => {
    const note = record(ctx, key);
    await sleep(ms, undefined, { signal: ctx.signal });
    const failed = ctx.job.attempt <= failures || Date.now() < healthyAt;
    note('end', { failed });
    if (failed) throw new Error(`attempt ${ctx.job.attempt} was to fail`);
    return { key };
  },
};
