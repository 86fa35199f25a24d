import type { QueueSummary } from '../../../schemas/queue.ts';
import { QUEUE_COLUMNS } from '../../output/queue-text.ts';
import { pagesOf, printPages } from '../../remote/pages.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

/** `millrace queues`. */
export const queues = defineRemoteCommand({
  name: 'queues',
  summary: 'List the queues with their counts',
  arguments: [],
  options: {},
  examples: ['millrace queues'],
  run: async ({ io, api, printer }) => {
    await printPages(
      pagesOf<QueueSummary>(api, { path: '/queues', err: io.err }),
      printer.list(QUEUE_COLUMNS),
    );
    return undefined;
  },
});
