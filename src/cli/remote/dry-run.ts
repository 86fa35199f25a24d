import type { Job } from '../../schemas/job.ts';
import type { QueueSummary } from '../../schemas/queue.ts';
import { countText } from '../count-text.ts';
import { EXIT, usageError } from '../exits.ts';
import { pathOf } from './api.ts';
import { pagesOf } from './pages.ts';
import type { RemoteInvocation } from './remote-command.ts';
import { deadQueueOf, type SELECTION } from './steps.ts';

export const DRY_RUN = { kind: 'flag', meaning: 'counts the jobs, and changes nothing' } as const;

/** Counts the failed jobs of a queue that a command would go through. @param would what it would do, such as `be removed`. */
export async function dryRun(
  { args, options, io, api, printer }: RemoteInvocation<typeof SELECTION>,
  would: string,
): Promise<number> {
  const queue = deadQueueOf(args);
  const { task, tag, error = '', cursor } = options;
  if (cursor !== undefined) throw usageError('Give --dry-run or --cursor, not both.');
  // Fails for a queue that does not exist.
  await api.send<QueueSummary>({ method: 'GET', path: pathOf`/queues/${queue}` });
  const query = { queue, status: 'failed', task, tag, payload: false };
  let count = 0;
  for await (const jobs of pagesOf<Job>(api, { path: '/jobs', query, err: io.err }))
    count += jobs.filter((job) => lastError(job).includes(error)).length;
  await printer.line(
    { queue, count, dryRun: true },
    () => `${countText(count, 'failed job')} of ${queue} would ${would}.`,
  );
  return EXIT.done;
}

/** As the API compares it. */
const lastError = ({ error }: Pick<Job, 'error'>): string =>
  [error?.name, error?.message].filter((part) => part !== undefined).join(': ');
