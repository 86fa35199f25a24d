import type { Job } from '../../../schemas/job.ts';
import { JOB_COLUMNS, STATUS_NAMES } from '../../output/job-text.ts';
import { LIMITS, pagesOf, printPages, upTo } from '../../remote/pages.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

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
    ...LIMITS,
  },
  examples: [
    'millrace jobs --queue img --status failed',
    'millrace jobs --tag customer-7 --all --json | jq -r .id',
  ],
  run: async ({ options: { all, limit, ...query }, io, api, printer }) => {
    const request = { path: '/jobs', query, err: io.err, ...upTo(all, limit) };
    const count = await printPages(pagesOf<Job>(api, request), printer.list(JOB_COLUMNS));
    if (count === 0 && !printer.isJson) await io.err.write(`${nothingFound(query)}\n`);
    return undefined;
  },
});

const nothingFound = ({ status, tag }: { status: string | undefined; tag: readonly string[] }): string =>
  status === undefined && tag.length === 0
    ? 'No job waits, runs or has failed. Those that have completed: millrace jobs --status completed'
    : 'There is no such job.';
