import type { Worker } from '../../../schemas/workers/worker.ts';
import { WORKER_COLUMNS } from '../../output/worker-text.ts';
import { pagesOf, printPages } from '../../remote/pages.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

/** `millrace workers list`. */
export const workersList = defineRemoteCommand({
  name: 'workers list',
  summary: 'List the workers that have reported lately',
  arguments: [],
  options: { queue: { kind: 'text', short: 'q', value: 'QUEUE', meaning: 'only workers of this queue' } },
  examples: ['millrace workers list'],
  run: async ({ options, io, api, printer }) => {
    const request = { path: '/workers', query: options, err: io.err };
    await printPages(pagesOf<Worker>(api, request), printer.list(WORKER_COLUMNS));
    return undefined;
  },
});
