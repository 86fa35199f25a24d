import { invalidCursor } from '../errors.ts';
import { toPairs } from '../redis/pairs.ts';
import type { Schedule } from '../schemas/schedule.ts';
import type { ScheduleListQuery } from '../schemas/schedule-http.ts';
import { decodeCursor, encodeCursor } from '../schemas/values/cursor.ts';
import { QUEUE_NAME_PATTERN } from '../schemas/values/names.ts';
import type { VisibleQueues } from '../schemas/values/visible-queues.ts';
import { decodeSchedule, isDraft } from './definition.ts';
import { readSchedules } from './scripts/schedules.ts';
import { decodeLocation, type ScheduleStore } from './store.ts';
import { viewSchedule } from './view.ts';

export interface SchedulePage {
  items: Schedule[];
  nextCursor?: string;
}

/**
 * Where a page begins: at a cursor of HSCAN, after this id among what a scan with COUNT 1 finds there. Such a scan reads
 * one bucket, the same each time, or all of a small hash.
 */
interface Position {
  cursor: string;
  after: string;
}

const ID = new RegExp(QUEUE_NAME_PATTERN);
/** Scans per page. A large hash may find nothing at many cursors in a row. */
const MAX_SCANS = 50;
/** Bytes of the definitions of one page. A single definition may be larger. */
const MAX_PAGE_BYTES = 8_388_608;

function parseCursor(text: string | undefined): Position {
  if (text === undefined) return { cursor: '0', after: '' };
  const [, cursor, after = ''] = /^(\d{1,20}) (.{0,64})$/.exec(decodeCursor(text)) ?? [];
  if (cursor === undefined || BigInt(cursor) >= 2n ** 64n || (after !== '' && !ID.test(after))) {
    throw invalidCursor();
  }
  return { cursor, after };
}

const formatCursor = ({ cursor, after }: Position): string => encodeCursor(`${cursor} ${after}`);

/** A schedule id, and the queue that should hold the schedule. */
interface ListEntry {
  id: string;
  queue: string;
}

/**
 * A page of the schedules of all queues that the client may read, or of one of them. The pages together show each schedule that exists from the first page
 * to the last and stays in its queue.
 */
export async function listSchedules(
  store: ScheduleStore,
  { queue, limit, cursor }: ScheduleListQuery & { limit: number },
  visible?: VisibleQueues,
): Promise<SchedulePage> {
  let position = parseCursor(cursor);
  let count = position.after === '' ? limit : 1;
  for (let scans = 0; ; scans += 1) {
    const { next, found } = await scan(store, queue, position.cursor, count);
    const rest = found.filter((one) => one.id > position.after && (visible?.has(one.queue) ?? true));
    const page = await fitToPage(store, rest.slice(0, limit));
    const isCut = page.length < rest.length;
    if (isCut && count > 1) {
      // HSCAN returns a small hash whole, whatever the count.
      count = found.length > 2 * count ? 1 : Math.floor(count / 2);
      continue;
    }
    const end = isCut ? { ...position, after: page.at(-1)?.id ?? '' } : { cursor: next, after: '' };
    const isLast = end.cursor === '0' && end.after === '';
    const items = await readAndView(store, page);
    if (items.length > 0 || isLast || scans >= MAX_SCANS) {
      return { items, ...(isLast ? {} : { nextCursor: formatCursor(end) }) };
    }
    position = end;
    count = end.after === '' ? limit : 1;
  }
}

/** What one HSCAN finds, sorted by id. */
async function scan(
  { redis, keySpace }: ScheduleStore,
  queue: string | undefined,
  cursor: string,
  count: number,
): Promise<{ next: string; found: ListEntry[] }> {
  const hash = queue === undefined ? keySpace.schedules : keySpace.queue(queue).scheduleStates;
  const [next, flat] = await redis.hscan(hash, cursor, 'COUNT', count);
  const found = toPairs(flat)
    // A draft does not belong to the queue yet.
    .filter(([, value]) => queue === undefined || !isDraft(value))
    .map(([id, value]) => ({ id, queue: queue ?? decodeLocation(value).queue }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return { next, found };
}

/** The first entries whose definitions fit into a page. */
async function fitToPage({ redis, keySpace }: ScheduleStore, entries: ListEntry[]): Promise<ListEntry[]> {
  const sizes = await Promise.all(
    entries.map(({ id, queue }) => redis.hstrlen(keySpace.queue(queue).schedules, id)),
  );
  let byteBudget = MAX_PAGE_BYTES;
  const end = sizes.findIndex((size, i) => {
    byteBudget -= size;
    return byteBudget < 0 && i > 0;
  });
  return end === -1 ? entries : entries.slice(0, end);
}

/** The schedules that their queues still hold, sorted by id. */
async function readAndView(store: ScheduleStore, entries: readonly ListEntry[]): Promise<Schedule[]> {
  const idsByQueue = new Map<string, string[]>();
  for (const { id, queue } of entries) idsByQueue.set(queue, [...(idsByQueue.get(queue) ?? []), id]);
  const reads = [...idsByQueue].map(([queue, ids]) =>
    readSchedules(store.redis, store.keySpace.queue(queue), ids),
  );
  const decoded = (await Promise.all(reads)).flatMap(({ schedules }) =>
    schedules.flatMap((one) => decodeSchedule(one) ?? []),
  );
  return decoded.map(viewSchedule).sort((a, b) => (a.id < b.id ? -1 : 1));
}
