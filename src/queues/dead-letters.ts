import type { Core } from '../core/core.ts';
import { presentRefs } from '../lifecycle/scripts/changes/present-refs.ts';
import { purgeDead, requeueDead } from '../lifecycle/scripts/dead-letters.ts';
import { parseJobId, type Ref } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { BulkStep, DeadSelection } from '../schemas/bulk.ts';
import type { Job } from '../schemas/job.ts';
import { tagsOf } from '../schemas/values/tags.ts';
import { listJobs } from './list-jobs.ts';
import { readStepCursor, stepDone } from './step-cursor.ts';

/** Retries the selected jobs among the next dead letters. */
export const retryDeadLetters = (core: Core, keys: QueueKeys, selection: DeadSelection): Promise<BulkStep> =>
  moveSelected(core, keys, selection, requeueDead);

/** Deletes the selected jobs among the next dead letters. */
export const purgeDeadLetters = (core: Core, keys: QueueKeys, selection: DeadSelection): Promise<BulkStep> =>
  moveSelected(core, keys, selection, purgeDead);

const DEFAULT_LIMIT = 100;

async function moveSelected(
  core: Core,
  keys: QueueKeys,
  { task, tag, error, limit = DEFAULT_LIMIT, cursor }: DeadSelection,
  move: typeof requeueDead,
): Promise<BulkStep> {
  const start = await readStepCursor(core.redis, keys, cursor);
  const from = start.cursor;
  const tags = tagsOf(tag);
  const query = { status: 'failed', limit, payload: false, ...(from && { cursor: from }) } as const;
  const page = await listJobs(core, keys, query);
  const selected = page.items.filter(
    (job) =>
      // Skip a job that has failed again since the first step: otherwise the steps might never end.
      Date.parse(job.finishedAt ?? '') <= start.startedAt &&
      (task === undefined || job.task === task) &&
      tags.every((one) => job.tags?.includes(one)) &&
      (error === undefined || errorText(job).includes(error)),
  );
  const refs = selected.flatMap(refOf);
  let count = await move(core.redis, keys, refs);
  if (count < refs.length) {
    // The ids of changed jobs name entries that they had before.
    const present = await presentRefs(core.redis, keys, refs);
    count += await move(
      core.redis,
      keys,
      present.filter((ref) => ref !== undefined),
    );
  }
  return stepDone(start, count, page.nextCursor);
}

/** The last error as text, which the `error` of a selection must be part of. */
const errorText = ({ error }: Job): string =>
  [error?.name, error?.message].filter((part) => part !== undefined).join(': ');

const refOf = ({ id }: Job): Ref[] => {
  const parsed = parseJobId(id);
  return parsed === undefined ? [] : [parsed.ref];
};
