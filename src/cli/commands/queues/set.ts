import type { QueueSummary } from '../../../schemas/queue.ts';
import { queueDetails } from '../../output/queue-text.ts';
import { pathOf } from '../../remote/api.ts';
import { assignments } from '../../remote/assignments.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

/** `millrace set`. */
export const set = defineRemoteCommand({
  name: 'set',
  summary: 'Change the settings of a queue',
  notes: [
    'Settings: maxJobs, concurrency, rate, fair, submitEvents, and for the jobs of each key',
    'perKey.concurrency, perKey.rate and perKey.maxJobs.',
    'none takes a limit away. A rate is a number of starts in a time, such as 100/1m.',
  ],
  arguments: [
    { name: 'QUEUE', meaning: 'the name of the queue' },
    { name: 'SETTING=VALUE', meaning: 'what to set', many: true },
  ],
  options: {},
  examples: ['millrace set emails concurrency=5 rate=100/1m', 'millrace set emails rate=none'],
  run: async ({ args: [queue = '', ...settings], api, printer }) => {
    const path = pathOf`/queues/${queue}`;
    const { body, text } = await api.send<QueueSummary>({ method: 'PUT', path, body: assignments(settings) });
    await printer.document(body, () => queueDetails(body), text);
    return undefined;
  },
});
