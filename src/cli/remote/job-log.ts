import type { LogLine } from '../../client/types/api.generated.ts';
import type { Job } from '../../schemas/job.ts';
import type { Options } from '../description.ts';
import { logLineText } from '../output/log-text.ts';
import { tellOutcome } from '../output/outcome.ts';
import { pathOf } from './api.ts';
import type { RemoteInvocation } from './remote-command.ts';
import { hasEnded } from './watch-job.ts';

interface KeptLines {
  readonly items: readonly LogLine[];
  readonly dropped: number;
}

/**
 * Prints the lines of a job's log that are kept, and with `isFollowed` those that come until the job ends. Returns the exit code: with
 * `isFollowed` that of the job's end.
 */
export async function printLog(
  { io, api, printer }: Pick<RemoteInvocation<Options>, 'io' | 'api' | 'printer'>,
  id: string,
  isFollowed: boolean,
): Promise<number | undefined> {
  let last = 0;
  const print = async ({ items, dropped }: KeptLines): Promise<void> => {
    if (dropped > 0) await io.err.write(`${dropped} lines before the next one are not kept.\n`);
    for (const line of items) {
      if (line.line <= last) continue;
      last = line.line;
      await printer.line(line, () => logLineText(line, io.out.paint));
    }
  };
  const printKept = async (): Promise<void> => {
    const query = last === 0 ? {} : { after: last };
    const { body } = await api.send<KeptLines>({ method: 'GET', path: pathOf`/jobs/${id}/logs`, query });
    await print(body);
  };
  await printKept();
  if (!isFollowed) return undefined;
  for await (const message of api.jobEvents(id)) {
    if (message.type === 'log') await print({ items: message.lines, dropped: 0 });
  }
  // What was written just before the end.
  await printKept();
  const { body } = await api.send<Job>({ method: 'GET', path: pathOf`/jobs/${id}` });
  return hasEnded(body) ? tellOutcome(body, io) : undefined;
}
