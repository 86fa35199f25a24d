import { toEachJob } from '../../remote/each-job.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

/** `millrace retry`. */
export const retry = defineRemoteCommand({
  name: 'retry',
  summary: 'Let failed jobs run again, under the same ids',
  notes: ['If the API refuses one, the others go on, and the exit code is 4.'],
  arguments: [
    { name: 'ID', meaning: 'ids of jobs; - reads them from standard input, one on a line', many: true },
  ],
  options: {},
  isLongWork: true,
  examples: [
    'millrace retry default~nmwtip4d3-0',
    'millrace jobs --tag customer-7 --all --json | jq -r .id | millrace retry -',
  ],
  run: (invocation) => toEachJob(invocation, 'retry'),
});
