import type { QueueSummary } from '../../../schemas/queue.ts';
import { queueDetails } from '../../output/queue-text.ts';
import { pathOf } from '../../remote/api.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

/** `millrace resume`. */
export const resume = defineRemoteCommand({
  name: 'resume',
  summary: 'Let workers take the jobs of a paused queue again',
  arguments: [{ name: 'QUEUE', meaning: 'the name of the queue' }],
  options: {},
  examples: ['millrace resume emails'],
  run: async ({ args: [queue = ''], api, printer }) => {
    const path = pathOf`/queues/${queue}/resume`;
    const { body, text } = await api.send<QueueSummary>({ method: 'POST', path });
    await printer.document(body, () => queueDetails(body), text);
    return undefined;
  },
});
