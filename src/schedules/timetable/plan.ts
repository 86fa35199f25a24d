import { createHash } from 'node:crypto';
import type { Misfire } from '../../schemas/schedule.ts';
import { countSlots, nextSlot, slotsBefore, type Timetable } from './fire-times.ts';

/** A slot that fires no later than this is late, not missed. Every misfire rule fires late slots. */
export const LATE_MS = 60_000;
/** With `misfire: all` at most this many missed slots fire, the latest ones, */
const MAX_CATCH_UP = 100;
/** and none that is older. */
const MAX_CATCH_UP_AGE_MS = 86_400_000;
/** The count of missed slots of a cron stops here: finding each takes some 50 microseconds. */
const MAX_COUNTED = 1_000;

/** How the slots of a schedule fire. */
interface FiringRule {
  /** The id of the schedule. It seeds the fire times within the window. */
  readonly id: string;
  readonly misfire: Misfire;
  /** A slot fires within this time after it. */
  readonly windowMs?: number | undefined;
  /** At most this many slots fire now. */
  readonly maxSlots: number;
}

/** What to do with the slots of a schedule now. */
interface Plan {
  /** The slots to fire now, in order. */
  slots: number[];
  /** The number of slots that are dropped. */
  missed: number;
  /** The first slot to fire later; absent when there is none. */
  next?: number;
}

/**
 * When a slot fires: within the window after the slot, and before the next slot. A hash of schedule and slot decides, so
 * that all processes agree.
 */
export function fireAt(
  timetable: Timetable,
  { id, windowMs }: Pick<FiringRule, 'id' | 'windowMs'>,
  slot: number,
) {
  if (windowMs === undefined) return slot;
  const following = nextSlot(timetable, slot);
  const spanMs = following === undefined ? windowMs : Math.min(windowMs, following - slot);
  const fraction = createHash('sha256').update(`${id} ${slot}`).digest().readUInt32BE(0) / 2 ** 32;
  return slot + Math.floor(fraction * spanMs);
}

/** Divides the slots from `first`, which is due, to `now` into those to fire now, to drop, and to fire later. */
export function plan(timetable: Timetable, rule: FiringRule, first: number, now: number): Plan {
  const timeOf = (slot: number) => fireAt(timetable, rule, slot);
  const { caughtUp, missed, after } = catchUp(timetable, rule, first, now);
  const slots = [...caughtUp];
  let next = after;
  while (next !== undefined && slots.length < rule.maxSlots && timeOf(next) <= now) {
    slots.push(next);
    next = nextSlot(timetable, next);
  }
  const [later] = slots.splice(rule.maxSlots);
  next = later ?? next;
  return { slots, missed, ...(next === undefined ? {} : { next }) };
}

/** Applies the misfire rule to the missed slots; also returns the first slot after them. */
function catchUp(
  timetable: Timetable,
  rule: FiringRule,
  first: number,
  now: number,
): { caughtUp: number[]; missed: number; after: number | undefined } {
  const isMissed = (slot: number) => fireAt(timetable, rule, slot) < now - LATE_MS;
  if (!isMissed(first)) return { caughtUp: [], missed: 0, after: first };
  const range = { from: first, before: now - LATE_MS };
  const latest = slotsBefore(timetable, range, rule.misfire === 'all' ? MAX_CATCH_UP + 1 : 2);
  if (latest.length > 1 && !isMissed(latest.at(-1) ?? first)) latest.pop();
  const last = latest.at(-1) ?? first;
  const count = countSlots(timetable, { from: first, to: last }, MAX_COUNTED);
  const caughtUp = slotsToCatchUp(rule.misfire, latest, now);
  return { caughtUp, missed: Math.max(0, count - caughtUp.length), after: nextSlot(timetable, last) };
}

function slotsToCatchUp(misfire: Misfire, latest: readonly number[], now: number): number[] {
  switch (misfire) {
    case 'skip':
      return [];
    case 'one':
      return latest.slice(-1);
    case 'all':
      return latest.slice(-MAX_CATCH_UP).filter((slot) => slot >= now - MAX_CATCH_UP_AGE_MS);
  }
}
