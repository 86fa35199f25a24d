import type { Core } from '../../core/core.ts';
import { withExistingKeys } from '../../core/scripts/existing-keys.ts';
import { invalidCursor, invalidRequest } from '../../errors.ts';
import { placeTime, refOfPlace } from '../../lifecycle/scripts/tags/tag-place.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import type { Job } from '../../schemas/job.ts';
import { decodeCursor, encodeCursor } from '../../schemas/values/cursor.ts';
import { type JobPage, type StoredJob, StoredPage } from '../stored-page.ts';
import { isPlace, type TaggedJob, TagWalk, type WalkPosition } from './tag-walk.ts';

export interface TaggedJobsQuery {
  /** At least one. */
  readonly tags: readonly string[];
  /** Submitted at that time or later, and at that time or earlier; Unix ms. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
  /** false: the jobs come without their payloads. */
  readonly payload?: boolean | undefined;
  /** Which of the jobs to show. */
  readonly keeps: (job: Job) => boolean;
}

/** Queues with tagged jobs that one search looks at. */
const MOST_QUEUES = 1_000;
/** Reads of one queue before a page ends: where several tags rarely meet, one read finds nothing. */
const MOST_READS = 10;

/**
 * A page of the jobs that have all the tags, the newest first, over all of the queues. Jobs that it finds gone leave the index.
 *
 * @throws {AppError} invalid-request for a cursor that no page gave, and for too many queues.
 */
export async function listTaggedJobs(
  core: Core,
  queues: readonly QueueKeys[],
  query: TaggedJobsQuery,
): Promise<JobPage> {
  const { tags, from, to, limit, cursor, payload, keeps } = query;
  let at = cursor === undefined ? undefined : parsePosition(cursor);
  const indexed = await withExistingKeys(core.redis, queues, ({ tagged }) => [tagged]);
  if (indexed.length > MOST_QUEUES) throw tooManyQueues();
  const page = new StoredPage<FoundJob>(core, { limit, keeps, ...(payload !== undefined && { payload }) });
  const bounds = {
    tags,
    from: from === undefined ? '' : placeTime(from),
    before: to === undefined ? '' : placeTime(to + 1),
  };
  const walk = new TagWalk(core.redis, indexed, bounds, at);
  for (let step = page.nextStep(); step > 0; step = page.nextStep()) {
    const found = await walk.next(step, MOST_READS);
    const jobs = found.jobs.map(toFound);
    const read = await page.addFrom(jobs, 0);
    if (read < jobs.length) {
      at = positionOf(jobs[read - 1]) ?? at;
      break;
    }
    at = found.isEnd ? undefined : found.at;
    if (found.isEnd || jobs.length < step) break;
  }
  await forget(core, page.gone, tags);
  return {
    items: page.items,
    ...(at !== undefined && { nextCursor: encodeCursor(`${at.queue} ${at.place}`) }),
  };
}

interface FoundJob extends StoredJob, TaggedJob {}

/** A place that no script can have written stands for a job that is gone. */
const toFound = (job: TaggedJob): FoundJob => ({
  ...job,
  queue: job.keys.queue,
  ref: refOfPlace(job.place) ?? { place: 'parked', entryId: '0-0' },
});

const positionOf = (job: FoundJob | undefined): WalkPosition | undefined =>
  job && { queue: job.queue, place: job.place };

async function forget(core: Core, gone: readonly FoundJob[], tags: readonly string[]): Promise<void> {
  await Promise.all(
    gone.map(({ keys, place }) => core.redis.zrem(keys.tagged, ...tags.map((tag) => `${tag}\n${place}`))),
  );
}

/** The queue and the place that a cursor holds. */
function parsePosition(cursor: string): WalkPosition {
  const [queue = '', place = ''] = decodeCursor(cursor).split(' ');
  if (queue === '' || !isPlace(place)) throw invalidCursor();
  return { queue, place };
}

const tooManyQueues = () =>
  invalidRequest(
    [
      {
        pointer: '/queue',
        detail: `is required: more than ${MOST_QUEUES} queues have jobs with tags. Search them one by one`,
      },
    ],
    'query parameters',
  );
