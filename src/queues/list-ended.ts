import type { Core } from '../core/core.ts';
import { readHistory } from '../events/history.ts';
import type { JobPage } from '../jobs/stored-page.ts';
import { viewJob, withoutPayload } from '../jobs/view.ts';
import { presentRefs } from '../lifecycle/scripts/changes/present-refs.ts';
import { parseJobId, type Ref } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { JobEvent } from '../schemas/event.ts';
import type { Job } from '../schemas/job.ts';
import type { EndedStatus } from '../schemas/values/names.ts';
import type { JobPageQuery } from './list-jobs.ts';
import { MAX_PAGE_BYTES } from './page-reader.ts';
import { endedRecords } from './scripts/ended-records.ts';

interface EndedQuery extends JobPageQuery {
  readonly status: EndedStatus;
}

/** The end of a job, as the events tell it. */
interface JobEnd {
  readonly event: JobEvent;
  readonly ref: Ref;
}

/**
 * A page of the jobs that ended with a status, the last one first, as far back as events and results are kept. Nothing is
 * stored for it: a page is a page of the history, whose cursors it shares. A job without a result any more is left out.
 *
 * @throws {AppError} invalid-request for a cursor that no page gave.
 */
export async function listEnded(core: Core, keys: QueueKeys, query: EndedQuery): Promise<JobPage> {
  const { status, limit, cursor } = query;
  const history = await readHistory(core.redis, keys, {
    type: status,
    order: 'desc',
    limit,
    ...(cursor !== undefined && { cursor }),
  });
  const ends = await toPresent(core, keys, history.items.flatMap(endOf));
  const { items, read } = await readEnded(core, keys, ends, query);
  // A page that is full before its last event goes on after the last event that it read.
  const nextCursor = read < ends.length ? ends[read - 1]?.event.id : history.nextCursor;
  return { items, ...(nextCursor !== undefined && { nextCursor }) };
}

function endOf(event: JobEvent): JobEnd[] {
  const { ref } = parseJobId(event.job ?? '') ?? {};
  return ref === undefined ? [] : [{ event, ref }];
}

/** The ids of changed jobs name entries that they had before. */
async function toPresent(core: Core, keys: QueueKeys, ends: readonly JobEnd[]): Promise<JobEnd[]> {
  const refs = ends.map(({ ref }) => ref);
  const present = await presentRefs(core.redis, keys, refs);
  return ends.map(({ event, ref }, i) => ({ event, ref: present[i] ?? ref }));
}

/** The jobs of the first ends that fit into a page, and the number of these ends. */
async function readEnded(
  core: Core,
  keys: QueueKeys,
  ends: readonly JobEnd[],
  { status, payload, keeps = () => true }: EndedQuery,
): Promise<{ items: Job[]; read: number }> {
  const items = new Map<string, Job>();
  let bytes = 0;
  let read = 0;
  while (read < ends.length) {
    const rest = ends.slice(read);
    const records = await endedRecords(
      core.redis,
      keys,
      rest.map(({ ref }) => ref),
      MAX_PAGE_BYTES - bytes,
    );
    for (const [i, found] of records.entries()) {
      const end = rest[i];
      if (end === undefined) break;
      bytes += found?.bytes ?? 0;
      if (items.size > 0 && bytes > MAX_PAGE_BYTES) return { items: [...items.values()], read };
      read += 1;
      if (found === undefined) continue;
      const job = viewJob(keys.queue, end.ref, { place: 'result', ...found }, core.tasks.defaultsOf);
      if (job.status === status && isLastEnd(job, end.event) && keeps(job)) {
        items.set(job.id, payload === false ? withoutPayload(job) : job);
      }
    }
  }
  return { items: [...items.values()], read };
}

/** Whether the event is the end that the result tells of: a job that ran again has ended more than once. */
const isLastEnd = ({ finishedAt = '' }: Job, { at }: JobEvent): boolean =>
  Date.parse(finishedAt) <= Date.parse(at);
