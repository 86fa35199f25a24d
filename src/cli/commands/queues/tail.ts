import { setTimeout as sleep } from 'node:timers/promises';
import type { Options } from '../../description.ts';
import { CliError, EXIT } from '../../exits.ts';
import { eventLine, type StreamMessage } from '../../output/event-text.ts';
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
const RETRY_MS = 1_000;

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
  const {
    args: [queue],
    options,
    api,
    printer,
    io,
    stop,
  } = invocation;
  const path = queue === undefined ? '/events' : pathOf`/queues/${queue}/events`;
  let last = options.after ?? (options.fromStart ? OLDEST : undefined);
  let left = options.count ?? Number.POSITIVE_INFINITY;
  for (let hasBegun = false; ; ) {
    try {
      for await (const line of api.lines(path, { type: options.type }, last)) {
        hasBegun = true;
        const message = JSON.parse(line) as StreamMessage;
        last = message.id ?? last;
        if (message.reason === 'access-ended') throw new CliError(EXIT.refused, 'The key may read no more.');
        if (message.type === 'dropped') continue;
        await printer.line(message, () => eventLine(message, io.out.paint));
        left -= 1;
        if (left === 0) return undefined;
      }
    } catch (error) {
      const isPassing = error instanceof CliError && error.exitCode === EXIT.unreachable;
      if (!isPassing || !hasBegun || stop.aborted) throw error;
      await io.err.write('The connection is lost. Trying again.\n');
    }
    await sleep(RETRY_MS, undefined, { signal: stop });
  }
}
