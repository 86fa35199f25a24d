import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Type } from 'typebox';
import { defineTask } from '../../src/tasks/define.ts';

export default defineTask({
  input: Type.Object(
    { ms: Type.Integer({ minimum: 0, maximum: 86_400_000, description: 'How long, in milliseconds.' }) },
    { additionalProperties: false, examples: [{ ms: 1000 }] },
  ),
  output: Type.Object({ sleptMs: Type.Integer({ minimum: 0 }) }),
  handler: async ({ ms }, { signal }) => {
    const start = performance.now();
    await delay(ms, undefined, { signal }).catch((error: unknown) => {
      // The timer's own AbortError hides the abort reason, which the attempt's outcome depends on.
      throw signal.aborted ? signal.reason : error;
    });
    return { sleptMs: Math.round(performance.now() - start) };
  },
});
