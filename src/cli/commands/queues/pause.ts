import type { QueueSummary } from '../../../schemas/queue.ts';
import { queueDetails } from '../../output/queue-text.ts';
import { pathOf } from '../../remote/api.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

/** `millrace pause`. */
export const pause = defineRemoteCommand({
  name: 'pause',
  summary: 'Let workers take no more jobs of a queue',
  notes: ['Running jobs go on, and the queue takes new ones.'],
  arguments: [{ name: 'QUEUE', meaning: 'the name of the queue' }],
  options: {
    for: { kind: 'text', value: 'TIME', meaning: 'the queue resumes by itself after this long, such as 10m' },
    until: { kind: 'text', value: 'TIME', meaning: 'the queue resumes by itself at this time (RFC 3339)' },
  },
  examples: ['millrace pause emails --for 10m'],
  run: async ({ args: [queue = ''], options, api, printer }) => {
    const path = pathOf`/queues/${queue}/pause`;
    const { body, text } = await api.send<QueueSummary>({ method: 'POST', path, body: options });
    await printer.document(body, () => queueDetails(body), text);
    return undefined;
  },
});
