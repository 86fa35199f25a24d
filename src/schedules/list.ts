import { invalidCursor } from '../errors.ts';
import { toPairs } from '../redis/pairs.ts';
import type { Schedule } from '../schemas/schedule.ts';
import type { ScheduleListQuery } from '../schemas/schedule-http.ts';
import { decodeCursor, encodeCursor } from '../schemas/values/cursor.ts';
import { QUEUE_NAME_PATTERN } from '../schemas/values/names.ts';
import { decodeSchedule, isDraft } from './definition.ts';
import { readSchedules } from './scripts/schedules.ts';
import { decodeLocation, type ScheduleStore } from './store.ts';
import { viewSchedule } from './view.ts';

export interface SchedulePage {
  items: Schedule[];
  nextCursor?: string;
}

/**
 * Where a page begins: at a cursor of HSCAN, and after this id of what a scan with COUNT 1 finds there. That is one
 * bucket, the same for each scan, or all of a small hash.
 */
interface Position {
  cursor: string;
  after: string;
}

const ID = new RegExp(QUEUE_NAME_PATTERN);
/** A large hash may have nothing at many cursors in a row. */
const MOST_STEPS = 50;
/** A page ends before its definitions take more bytes, unless it has but one. */
const MOST_BYTES = 8_388_608;

function parseCursor(text: string | undefined): Position {
  if (text === undefined) return { cursor: '0', after: '' };
  const [, cursor, after = ''] = /^(\d{1,20}) (.{0,64})$/.exec(decodeCursor(text)) ?? [];
  if (cursor === undefined || BigInt(cursor) >= 2n ** 64n || (after !== '' && !ID.test(after))) {
    throw invalidCursor();
  }
  return { cursor, after };
}

const formatCursor = ({ cursor, after }: Position): string => encodeCursor(`${cursor} ${after}`);

/** A schedule, and the queue where it is said to be. */
interface Entry {
  id: string;
  queue: string;
}

/**
 * A page of schedules, of all queues or of one. Each that is there from the first page to the last, and is not moved to another
 * queue meanwhile, is in one of them.
 */
export async function listSchedules(
  store: ScheduleStore,
  { queue, limit, cursor }: ScheduleListQuery & { limit: number },
): Promise<SchedulePage> {
  let position = parseCursor(cursor);
  let count = position.after === '' ? limit : 1;
  for (let step = 0; ; step += 1) {
    const { next, found } = await scan(store, queue, position.cursor, count);
    const left = found.filter(({ id }) => id > position.after);
    const page = await fitting(store, left.slice(0, limit));
    const isCut = page.length < left.length;
    if (isCut && count > 1) {
      // A small hash is found whole, whatever the count.
      count = found.length > 2 * count ? 1 : Math.floor(count / 2);
      continue;
    }
    const rest = isCut ? { ...position, after: page.at(-1)?.id ?? '' } : { cursor: next, after: '' };
    const isLast = rest.cursor === '0' && rest.after === '';
    const items = await view(store, page);
    if (items.length > 0 || isLast || step >= MOST_STEPS) {
      return { items, ...(isLast ? {} : { nextCursor: formatCursor(rest) }) };
    }
    position = rest;
    count = rest.after === '' ? limit : 1;
  }
}

/** What one HSCAN finds, by id. */
async function scan(
  { redis, keySpace }: ScheduleStore,
  queue: string | undefined,
  cursor: string,
  count: number,
): Promise<{ next: string; found: Entry[] }> {
  const hash = queue === undefined ? keySpace.schedules : keySpace.queue(queue).scheduleStates;
  const [next, flat] = await redis.hscan(hash, cursor, 'COUNT', count);
  const found = toPairs(flat)
    // A draft is still to come into the queue.
    .filter(([, value]) => queue === undefined || !isDraft(value))
    .map(([id, value]) => ({ id, queue: queue ?? decodeLocation(value).queue }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return { next, found };
}

/** The first of them, as many as a page has room for. */
async function fitting({ redis, keySpace }: ScheduleStore, entries: Entry[]): Promise<Entry[]> {
  const sizes = await Promise.all(
    entries.map(({ id, queue }) => redis.hstrlen(keySpace.queue(queue).schedules, id)),
  );
  let room = MOST_BYTES;
  const most = sizes.findIndex((size, i) => {
    room -= size;
    return room < 0 && i > 0;
  });
  return most === -1 ? entries : entries.slice(0, most);
}

/** Those that are where they are said to be. */
async function view(store: ScheduleStore, places: readonly Entry[]): Promise<Schedule[]> {
  const queues = new Map<string, string[]>();
  for (const { id, queue } of places) queues.set(queue, [...(queues.get(queue) ?? []), id]);
  const read = [...queues].map(([queue, ids]) =>
    readSchedules(store.redis, store.keySpace.queue(queue), ids),
  );
  const known = (await Promise.all(read)).flatMap(({ schedules }) =>
    schedules.flatMap((one) => decodeSchedule(one) ?? []),
  );
  return known.map(viewSchedule).sort((a, b) => (a.id < b.id ? -1 : 1));
}
