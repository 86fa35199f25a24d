import type { Core } from '../core/core.ts';
import { invalidCursor } from '../errors.ts';
import { findTagged } from '../jobs/tags/scripts/find-tagged.ts';
import { isPlace } from '../jobs/tags/tag-walk.ts';
import { cancelWaiting } from '../lifecycle/cancel-and-expire.ts';
import { presentRefs } from '../lifecycle/scripts/changes/present-refs.ts';
import { placeTime, refOfPlace } from '../lifecycle/scripts/tags/tag-place.ts';
import { entryTime } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { timeAt } from '../redis/server-time.ts';
import type { BulkStep, JobSelection } from '../schemas/bulk.ts';
import { tagsOf } from '../schemas/values/tags.ts';
import { purgeDeadLetters } from './dead-letters.ts';
import { readStepCursor, type StepStart, stepDone } from './step-cursor.ts';
import { StepReader, walkJobs } from './walk-jobs.ts';

const DEFAULT_LIMIT = 100;
/** Reads of the index of tags in one step: where several tags rarely meet, one read finds nothing. */
const MOST_READS = 10;

/**
 * One bounded step over the jobs of a queue with a status: it cancels those that wait, and removes failed ones. A job that
 * starts before its turn is left running; so are jobs that came after the first step.
 *
 * @throws {AppError} invalid-request for a cursor that no step gave.
 */
export async function cancelJobs(core: Core, keys: QueueKeys, selection: JobSelection): Promise<BulkStep> {
  const { status, ...rest } = selection;
  if (status === 'failed') return purgeDeadLetters(core, keys, rest);
  const { task, tag, limit = DEFAULT_LIMIT, cursor } = rest;
  const start = await readStepCursor(core.redis, keys, cursor);
  const only = { status, ...(task && { task }) };
  if (tag !== undefined) return cancelTagged(core, keys, tagsOf(tag), { start, limit, only });
  const reader = new StepReader(limit, (refs) => {
    const old = refs.filter(({ entryId }) => entryTime(entryId) <= start.startedAt);
    return cancelWaiting(core, keys, old, only);
  });
  const now = await timeAt(core.redis, keys.scheduled);
  const next = await walkJobs(core.redis, keys, { status, cursor: start.cursor, now }, reader);
  return stepDone(start, reader.moved, next);
}

interface TaggedStep {
  readonly start: StepStart;
  readonly limit: number;
  readonly only: Parameters<typeof cancelWaiting>[3];
}

/** As `cancelJobs`, over the jobs that have all the tags, the newest first. */
async function cancelTagged(
  core: Core,
  keys: QueueKeys,
  tags: readonly string[],
  { start, limit, only }: TaggedStep,
): Promise<BulkStep> {
  if (start.cursor !== undefined && !isPlace(start.cursor)) throw invalidCursor();
  let before = start.cursor ?? placeTime(start.startedAt + 1);
  let count = 0;
  let left = limit;
  for (let reads = 0; left > 0 && reads < MOST_READS; reads += 1) {
    const { places, upTo } = await findTagged(core.redis, keys, tags, { before, from: '', most: left });
    const refs = places.flatMap((place) => refOfPlace(place) ?? []);
    const present = await presentRefs(core.redis, keys, refs);
    count += await cancelWaiting(
      core,
      keys,
      refs.map((ref, i) => present[i] ?? ref),
      only,
    );
    left -= places.length;
    if (upTo === undefined) return stepDone(start, count, undefined);
    before = upTo;
  }
  return stepDone(start, count, before);
}
