import { createHash } from 'node:crypto';
import type { Misfire } from '../../schemas/schedule.ts';
import { countSlots, nextSlot, slotsBefore, type Timetable } from './fire-times.ts';

/** A slot that is fired no later than this after its time is just late, and is not lost, whatever the rule. */
export const LATE_MS = 60_000;
/** `misfire: all` makes up for no more slots than this, the latest ones, */
const MAX_MADE_UP = 100;
/** and for none that is older. */
const MAX_MADE_UP_AGE_MS = 86_400_000;
/** Missed slots of a cron are counted no further: looking for each takes some 50 microseconds. */
const MAX_COUNTED = 1_000;

/** How the slots of a schedule are fired. */
interface Rule {
  /** Seeds the spread. */
  readonly id: string;
  readonly misfire: Misfire;
  /** Slots are fired within this time after theirs. */
  readonly windowMs?: number | undefined;
  /** Most slots of one step. */
  readonly most: number;
}

/** What to do with a schedule now. */
interface Plan {
  /** To be fired now, in order. */
  slots: number[];
  /** Slots that are dropped. */
  missed: number;
  /** The first slot that is left; absent when there is none. */
  next?: number;
}

/**
 * When a slot is fired: within the window after its time, and before the slot that follows. The same for all
 * processes, since it is drawn by a hash of schedule and slot.
 */
export function fireAt(timetable: Timetable, { id, windowMs }: Pick<Rule, 'id' | 'windowMs'>, slot: number) {
  if (windowMs === undefined) return slot;
  const following = nextSlot(timetable, slot);
  const room = following === undefined ? windowMs : Math.min(windowMs, following - slot);
  const drawn = createHash('sha256').update(`${id} ${slot}`).digest().readUInt32BE(0) / 2 ** 32;
  return slot + Math.floor(drawn * room);
}

/** Sorts the slots from `first`, which is due, to `now` into those to be fired, dropped, and left. */
export function plan(timetable: Timetable, rule: Rule, first: number, now: number): Plan {
  const timeOf = (slot: number) => fireAt(timetable, rule, slot);
  const { made, missed, after } = makeUp(timetable, rule, first, now);
  const slots = [...made];
  let next = after;
  while (next !== undefined && slots.length < rule.most && timeOf(next) <= now) {
    slots.push(next);
    next = nextSlot(timetable, next);
  }
  const [left] = slots.splice(rule.most);
  next = left ?? next;
  return { slots, missed, ...(next === undefined ? {} : { next }) };
}

/** What the rule makes of the slots that are later than late, and the first slot after them. */
function makeUp(
  timetable: Timetable,
  rule: Rule,
  first: number,
  now: number,
): { made: number[]; missed: number; after: number | undefined } {
  const isMissed = (slot: number) => fireAt(timetable, rule, slot) < now - LATE_MS;
  if (!isMissed(first)) return { made: [], missed: 0, after: first };
  const range = { from: first, before: now - LATE_MS };
  const latest = slotsBefore(timetable, range, rule.misfire === 'all' ? MAX_MADE_UP + 1 : 2);
  if (latest.length > 1 && !isMissed(latest.at(-1) ?? first)) latest.pop();
  const last = latest.at(-1) ?? first;
  const count = countSlots(timetable, { from: first, to: last }, MAX_COUNTED);
  const made = madeUp(rule.misfire, latest, now);
  return { made, missed: Math.max(0, count - made.length), after: nextSlot(timetable, last) };
}

function madeUp(misfire: Misfire, latest: readonly number[], now: number): number[] {
  switch (misfire) {
    case 'skip':
      return [];
    case 'one':
      return latest.slice(-1);
    case 'all':
      return latest.slice(-MAX_MADE_UP).filter((slot) => slot >= now - MAX_MADE_UP_AGE_MS);
  }
}
