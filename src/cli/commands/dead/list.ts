import type { Job } from '../../../schemas/job.ts';
import type { QueueSummary } from '../../../schemas/queue.ts';
import { JOB_COLUMNS } from '../../output/job-text.ts';
import type { Api } from '../../remote/api.ts';
import { LIMITS, pagesOf, printPages, upTo } from '../../remote/pages.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';
import { DEAD_QUEUE, deadQueueOf } from '../../remote/steps.ts';

const MOST_QUEUES = 1_000;
const MOST_NAMED = 5;

/** `millrace dead list`. */
export const deadList = defineRemoteCommand({
  name: 'dead list',
  summary: 'List the failed jobs of a queue',
  arguments: [DEAD_QUEUE],
  options: {
    task: { kind: 'text', value: 'TASK', meaning: 'only of this task' },
    tag: { kind: 'list', short: 't', value: 'TAG', meaning: 'only with this tag; may be repeated' },
    ...LIMITS,
  },
  examples: ['millrace dead list emails', 'millrace dead list emails --all --json | jq -r .error.message'],
  run: async ({ args, options: { all, limit, ...filter }, io, api, printer }) => {
    const queue = deadQueueOf(args);
    const query = { ...filter, queue, status: 'failed', payload: false };
    const request = { path: '/jobs', query, err: io.err, ...upTo(all, limit) };
    const count = await printPages(pagesOf<Job>(api, request), printer.list(JOB_COLUMNS));
    if (count === 0 && !printer.isJson)
      await io.err.write(`No such failed job in ${queue}.${await elsewhere(api)}\n`);
    return undefined;
  },
});

/** Which queues have failed jobs, for somebody who has looked at another one. */
async function elsewhere(api: Api): Promise<string> {
  const { body } = await api.send<{ items: QueueSummary[] }>({
    method: 'GET',
    path: '/queues',
    query: { limit: MOST_QUEUES },
  });
  const found = body.items.filter(({ counts }) => counts.failed > 0);
  const names = found.slice(0, MOST_NAMED).map(({ name, counts }) => `${name} (${counts.failed})`);
  return names.length === 0 ? '' : ` Queues with failed jobs: ${names.join(', ')}`;
}
