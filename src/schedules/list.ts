import { readSchedules } from '../redis/scripts/schedules.ts';
import { QUEUE_NAME_PATTERN } from '../schemas/names.ts';
import type { Schedule } from '../schemas/schedule.ts';
import type { ScheduleListQuery } from '../schemas/schedule-http.ts';
import { invalid } from './check.ts';
import { decodeSchedule, isDraft } from './definition.ts';
import { decodeLocation, pairs, type ScheduleStore } from './store.ts';
import { viewSchedule } from './view.ts';

export interface SchedulePage {
  items: Schedule[];
  nextCursor?: string;
}

/** Where a page begins: at a cursor of HSCAN, after this id; a small hash is scanned at once, whatever its size. */
interface Position {
  cursor: string;
  after: string;
}

const ID = new RegExp(QUEUE_NAME_PATTERN);
/** A large hash may have nothing at many cursors in a row. */
const MOST_STEPS = 50;

function decodeCursor(text: string | undefined): Position {
  if (text === undefined) return { cursor: '0', after: '' };
  const [, cursor, after = ''] =
    /^(\d{1,20}) (.{0,64})$/.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (cursor === undefined || BigInt(cursor) >= 2n ** 64n || (after !== '' && !ID.test(after))) {
    throw invalid([
      { pointer: '/cursor', detail: 'is no cursor; use nextCursor of the page before, unchanged' },
    ]);
  }
  return { cursor, after };
}

const encodeCursor = ({ cursor, after }: Position): string =>
  Buffer.from(`${cursor} ${after}`).toString('base64url');

/** A page of schedules, of all queues or of one. Each that is there from the first page to the last is in one of them. */
export async function listSchedules(
  store: ScheduleStore,
  { queue, limit, cursor }: ScheduleListQuery & { limit: number },
): Promise<SchedulePage> {
  const { redis, keySpace } = store;
  const hash = queue === undefined ? keySpace.schedules : keySpace.queue(queue).scheduleStates;
  let position = decodeCursor(cursor);
  for (let step = 0; ; step += 1) {
    const [next, flat] = await redis.hscan(hash, position.cursor, 'COUNT', limit);
    const found = pairs(flat)
      // A draft is still to come into the queue.
      .filter(([id, value]) => id > position.after && !(queue !== undefined && isDraft(value)))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const page = found.slice(0, limit);
    const rest: Position =
      found.length > limit ? { ...position, after: page.at(-1)?.[0] ?? '' } : { cursor: next, after: '' };
    const isLast = rest.cursor === '0' && rest.after === '';
    const items = await view(
      store,
      page.map(([id, value]) => ({ id, queue: queue ?? decodeLocation(value).queue })),
    );
    if (items.length > 0 || isLast || step >= MOST_STEPS) {
      return { items, ...(isLast ? {} : { nextCursor: encodeCursor(rest) }) };
    }
    position = rest;
  }
}

/** Those that are where they are said to be. */
async function view(
  store: ScheduleStore,
  places: readonly { id: string; queue: string }[],
): Promise<Schedule[]> {
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
