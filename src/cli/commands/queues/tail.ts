import type { Event } from '../../../client/types/api.generated.ts';
import type { Options } from '../../description.ts';
import { eventLine } from '../../output/event-text.ts';
import { pathOf } from '../../remote/api.ts';
import { defineRemoteCommand, type RemoteInvocation } from '../../remote/remote-command.ts';

const OPTIONS = {
  type: { kind: 'text', value: 'TYPES', meaning: 'only these types, such as completed,failed' },
  fromStart: { kind: 'flag', meaning: 'begins with the oldest event that is kept' },
  after: { kind: 'text', value: 'ID', meaning: 'goes on after this event' },
  count: {
    kind: 'integer',
    short: 'n',
    value: 'N',
    min: 1,
    max: 1_000_000_000,
    meaning: 'ends after so many events',
  },
} as const satisfies Options;

const OLDEST = '0-0';

/** `millrace tail`. */
export const tail = defineRemoteCommand({
  name: 'tail',
  summary: 'Follow the events of a queue, or of all queues, as they happen',
  notes: ['Goes on by itself when the connection breaks or the API restarts. Ends with Ctrl-C.'],
  arguments: [{ name: 'QUEUE', meaning: 'the name of a queue (default: all)', optional: true }],
  options: OPTIONS,
  examples: ['millrace tail', 'millrace tail emails --type failed,retrying --json'],
  run: follow,
});

async function follow(invocation: RemoteInvocation<typeof OPTIONS>): Promise<number | undefined> {
  const { args, options, api, printer, io } = invocation;
  const [queue] = args;
  let left = options.count ?? Number.POSITIVE_INFINITY;
  const messages = api.events({
    path: queue === undefined ? '/events' : pathOf`/queues/${queue}/events`,
    // The API names those that it does not know.
    types: options.type?.split(',') as Event['type'][] | undefined,
    lastEventId: options.after ?? (options.fromStart ? OLDEST : undefined),
  });
  for await (const message of messages) {
    await printer.line(message, () => eventLine(message, io.out.paint));
    left -= 1;
    if (left === 0) return undefined;
  }
  return undefined;
}
