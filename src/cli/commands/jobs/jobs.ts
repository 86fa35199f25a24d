import type { Job } from '../../../schemas/job.ts';
import { JOB_COLUMNS, STATUS_NAMES } from '../../output/job-text.ts';
import { pagesOf, printPages } from '../../remote/pages.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

const DEFAULT_LIMIT = 100;

/** `millrace jobs`. */
export const jobs = defineRemoteCommand({
  name: 'jobs',
  summary: 'Find jobs by queue, status, task, tag or time',
  notes: ['Without --status and --tag: jobs that have not ended, and failed ones.'],
  arguments: [],
  options: {
    queue: { kind: 'text', short: 'q', value: 'QUEUE', meaning: 'only of this queue' },
    status: {
      kind: 'text',
      short: 's',
      value: 'STATUS',
      choices: STATUS_NAMES,
      meaning: 'only with this status',
    },
    task: { kind: 'text', value: 'TASK', meaning: 'only of this task' },
    tag: {
      kind: 'list',
      short: 't',
      value: 'TAG',
      meaning: 'only with this tag; may be repeated, for all of them',
    },
    from: { kind: 'text', value: 'TIME', meaning: 'only submitted at this time or later (RFC 3339)' },
    to: { kind: 'text', value: 'TIME', meaning: 'only submitted at this time or earlier' },
    idempotencyKey: { kind: 'text', value: 'KEY', meaning: 'only those that a submit with this key stored' },
    payload: { kind: 'flag', meaning: 'with --json: payloads, too' },
    limit: {
      kind: 'integer',
      short: 'n',
      value: 'N',
      min: 1,
      max: 10_000_000,
      meaning: `the most jobs (default ${DEFAULT_LIMIT})`,
    },
    all: { kind: 'flag', meaning: 'all jobs, however many' },
  },
  examples: [
    'millrace jobs --queue img --status failed',
    'millrace jobs --tag customer-7 --all --json | jq -r .id',
  ],
  run: async ({ options: { all, limit = DEFAULT_LIMIT, ...query }, io, api, printer }) => {
    const request = { path: '/jobs', query, limit: all ? undefined : limit, err: io.err };
    await printPages(pagesOf<Job>(api, request), printer.list(JOB_COLUMNS));
    return undefined;
  },
});
