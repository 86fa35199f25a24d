import { toEachJob } from '../../remote/each-job.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

/** `millrace cancel`. */
export const cancel = defineRemoteCommand({
  name: 'cancel',
  summary: 'Cancel jobs: those that wait at once, those that run by their workers',
  notes: ['If the API refuses one, the others go on, and the exit code is 4.'],
  arguments: [
    { name: 'ID', meaning: 'ids of jobs; - reads them from standard input, one on a line', many: true },
  ],
  options: {},
  isLongWork: true,
  examples: [
    'millrace cancel default~nmwtip4d3-0',
    'millrace jobs --tag customer-7 --all --json | jq -r .id | millrace cancel -',
  ],
  run: (invocation) => toEachJob(invocation, 'cancel'),
});
