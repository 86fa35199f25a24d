import { EXIT } from '../../exits.ts';
import { confirm } from '../../output/confirm.ts';
import { pathOf, type Query } from '../../remote/api.ts';
import { DRY_RUN, dryRun } from '../../remote/dry-run.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';
import { DEAD_QUEUE, deadQueueOf, inSteps, SELECTION } from '../../remote/steps.ts';

/** `millrace dead purge`. */
export const deadPurge = defineRemoteCommand({
  name: 'dead purge',
  summary: 'Remove the failed jobs of a queue for good',
  notes: ['Asks first on a terminal. Ctrl-C stops it after a step, and it says how to go on.'],
  arguments: [DEAD_QUEUE],
  isLongWork: true,
  options: {
    ...SELECTION,
    dryRun: DRY_RUN,
    yes: { kind: 'flag', short: 'y', meaning: 'does not ask' },
  },
  examples: ['millrace dead purge emails --task welcome --yes'],
  run: async (invocation) => {
    const { io, options, args } = invocation;
    const queue = deadQueueOf(args);
    const { yes, dryRun: isDry, ...selection } = options;
    if (isDry) return dryRun({ ...invocation, options: selection }, 'be removed');
    const question = `Remove failed jobs of queue ${queue} for good?`;
    if (!yes && !(await confirm(question, io))) return EXIT.failed;
    return inSteps(
      { ...invocation, options: selection },
      {
        command: 'dead purge',
        done: 'removed',
        callOf: (query) => ({ method: 'DELETE', path: pathOf`/queues/${queue}/dead`, query: query as Query }),
      },
    );
  },
});
