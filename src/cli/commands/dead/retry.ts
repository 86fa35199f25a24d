import { pathOf } from '../../remote/api.ts';
import { DRY_RUN, dryRun } from '../../remote/dry-run.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';
import { DEAD_QUEUE, deadQueueOf, inSteps, SELECTION } from '../../remote/steps.ts';

/** `millrace dead retry`. */
export const deadRetry = defineRemoteCommand({
  name: 'dead retry',
  summary: 'Let the failed jobs of a queue run again',
  notes: ['Ctrl-C stops it after a step, and it says how to go on.'],
  arguments: [DEAD_QUEUE],
  options: { ...SELECTION, dryRun: DRY_RUN },
  isLongWork: true,
  examples: ['millrace dead retry emails', 'millrace dead retry emails --error ETIMEDOUT'],
  run: ({ options: { dryRun: isDry, ...options }, ...rest }) => {
    const invocation = { ...rest, options };
    if (isDry) return dryRun(invocation, 'run again');
    return inSteps(invocation, {
      command: 'dead retry',
      done: 'will run again',
      callOf: (body) => ({
        method: 'POST',
        path: pathOf`/queues/${deadQueueOf(invocation.args)}/dead/retry`,
        body,
      }),
    });
  },
});
