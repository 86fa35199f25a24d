import type { Core } from '../core/core.ts';
import { purgeDead, requeueDead } from '../lifecycle/scripts/dead-letters.ts';
import { parseJobId, type Ref } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { redisTime } from '../redis/server-time.ts';
import type { Job } from '../schemas/job.ts';
import type { DeadSelection } from '../schemas/queue.ts';
import { listJobs } from './list-jobs.ts';

/** What one bounded step over the dead letters has moved; with a cursor there is more to look at. */
export interface DeadLetterStep {
  count: number;
  nextCursor?: string;
}

/** Retries those of the next dead letters that are selected. */
export const retryDeadLetters = (
  core: Core,
  keys: QueueKeys,
  selection: DeadSelection,
): Promise<DeadLetterStep> => moveSelected(core, keys, selection, requeueDead);

/** Removes those of the next dead letters that are selected, for ever. */
export const purgeDeadLetters = (
  core: Core,
  keys: QueueKeys,
  selection: DeadSelection,
): Promise<DeadLetterStep> => moveSelected(core, keys, selection, purgeDead);

const DEFAULT_LIMIT = 100;

async function moveSelected(
  core: Core,
  keys: QueueKeys,
  { task, error, limit = DEFAULT_LIMIT, cursor }: DeadSelection,
  move: typeof requeueDead,
): Promise<DeadLetterStep> {
  const [, began, inner] = /^(\d{1,16})\.(.*)$/.exec(cursor ?? '') ?? [];
  const since = began === undefined ? await redisTime(core.redis) : Number(began);
  const from = inner ?? cursor;
  const page = await listJobs(core, keys, { status: 'failed', limit, ...(from && { cursor: from }) });
  const selected = page.items.filter(
    (job) =>
      // What has failed again since the first step is not of this run: else it might never end.
      Date.parse(job.finishedAt ?? '') <= since &&
      (task === undefined || job.task === task) &&
      (error === undefined || errorText(job).includes(error)),
  );
  const count = await move(core.redis, keys, selected.flatMap(refOf));
  return { count, ...(page.nextCursor && { nextCursor: `${since}.${page.nextCursor}` }) };
}

/** What went wrong at last, as `error` of a selection is compared with. */
const errorText = ({ error }: Job): string =>
  [error?.name, error?.message].filter((part) => part !== undefined).join(': ');

const refOf = ({ id }: Job): Ref[] => {
  const parsed = parseJobId(id);
  return parsed === undefined ? [] : [parsed.ref];
};
