import { setTimeout as sleep } from 'node:timers/promises';
import type { QueueStats } from '../../../schemas/queue.ts';
import { statsDetails } from '../../output/queue-text.ts';
import { pathOf } from '../../remote/api.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

const DEFAULT_SECONDS = 2;

/** `millrace stats`. */
export const stats = defineRemoteCommand({
  name: 'stats',
  summary: 'Show the counts, rates and latencies of a queue',
  arguments: [{ name: 'QUEUE', meaning: 'the name of the queue' }],
  options: {
    watch: { kind: 'flag', short: 'w', meaning: 'shows them again and again, until Ctrl-C' },
    interval: {
      kind: 'integer',
      value: 'SECONDS',
      min: 1,
      max: 3_600,
      meaning: `with --watch: seconds between two looks (default ${DEFAULT_SECONDS})`,
    },
  },
  examples: ['millrace stats default', 'millrace stats default --watch'],
  run: async ({ args: [queue = ''], options, api, printer, stop }) => {
    do {
      const { body, text } = await api.send<QueueStats>({
        method: 'GET',
        path: pathOf`/queues/${queue}/stats`,
      });
      await printer.redraw(body, () => statsDetails(body), text);
      if (options.watch)
        await sleep((options.interval ?? DEFAULT_SECONDS) * 1_000, undefined, { signal: stop });
    } while (options.watch);
    return undefined;
  },
});
