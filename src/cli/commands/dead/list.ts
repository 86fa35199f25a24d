import type { Job } from '../../../schemas/job.ts';
import { JOB_COLUMNS } from '../../output/job-text.ts';
import { pagesOf, printPages } from '../../remote/pages.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';
import { DEAD_QUEUE, deadQueueOf } from '../../remote/steps.ts';

const DEFAULT_LIMIT = 100;

/** `millrace dead list`. */
export const deadList = defineRemoteCommand({
  name: 'dead list',
  summary: 'List the failed jobs of a queue',
  arguments: [DEAD_QUEUE],
  options: {
    task: { kind: 'text', value: 'TASK', meaning: 'only of this task' },
    tag: { kind: 'list', short: 't', value: 'TAG', meaning: 'only with this tag; may be repeated' },
    limit: {
      kind: 'integer',
      short: 'n',
      value: 'N',
      min: 1,
      max: 10_000_000,
      meaning: `the most jobs (default ${DEFAULT_LIMIT})`,
    },
    all: { kind: 'flag', meaning: 'all of them, however many' },
  },
  examples: ['millrace dead list emails', 'millrace dead list emails --all --json | jq -r .error.message'],
  run: async ({ args, options: { all, limit = DEFAULT_LIMIT, ...filter }, io, api, printer }) => {
    const query = { ...filter, queue: deadQueueOf(args), status: 'failed', payload: false };
    const request = { path: '/jobs', query, limit: all ? undefined : limit, err: io.err };
    await printPages(pagesOf<Job>(api, request), printer.list(JOB_COLUMNS));
    return undefined;
  },
});
