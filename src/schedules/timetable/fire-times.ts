import { Cron } from 'croner';
import { explainCronFault } from './cron-faults.ts';

/** The times of a schedule, Unix ms. Each of them is a slot. */
export interface Timetable {
  readonly recurrence: Recurrence;
  /** No slot is before this time. */
  readonly startAt?: number | undefined;
  /** No slot is after this time. */
  readonly endAt?: number | undefined;
}

type Recurrence =
  /** Five fields, or six with seconds first, in an IANA time zone. */
  | { readonly cron: string; readonly timeZone: string }
  /** `anchor`, and every `everyMs` after it. */
  | { readonly everyMs: number; readonly anchor: number };

/** Compiled patterns by zone and pattern. Compiling takes as long as a search. */
const compiled = new Map<string, Cron>();
const MAX_COMPILED = 2_000;

/**
 * Compiles a pattern. `fixedTimeRule` (croner) decides around a change of the clock: time fields without wildcard and step
 * name times of day. Times in a gap fire once, at its end, unless that is the next day; a time that comes twice fires the
 * first time. Any other pattern is an interval and follows the clock.
 *
 * @throws {Error} that says what is wrong with the pattern.
 */
function compile({ cron, timeZone }: { cron: string; timeZone: string }): Cron {
  const key = `${timeZone} ${cron}`;
  const cached = compiled.get(key);
  if (cached !== undefined) return cached;
  const pattern = new Cron(cron, {
    timezone: timeZone,
    mode: '5-or-6-parts',
    fixedTimeRule: 'no-wildcard',
    paused: true,
  });
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(key, pattern);
  return pattern;
}

/** Why the text is not a pattern; undefined when it is one. */
export function cronFault(cron: string): string | undefined {
  try {
    compile({ cron, timeZone: 'UTC' });
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
    return explainCronFault(cron) ?? reason;
  }
}

/** Whether this Node knows the time zone: an IANA name in any case, not an offset (ECMA-402). */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/** Whether the pattern has any slot. A pattern for 30 February has no slot. */
export const hasAnySlot = (cron: string): boolean =>
  compile({ cron, timeZone: 'UTC' }).nextRun(new Date(0)) !== null;

/** The first slot strictly after a time; undefined when there is none. */
export function nextSlot(
  { recurrence: rhythm, startAt, endAt }: Timetable,
  after: number,
): number | undefined {
  const from = startAt === undefined ? after : Math.max(after, startAt - 1);
  const slot =
    'cron' in rhythm
      ? compile(rhythm).nextRun(new Date(from))?.getTime()
      : rhythm.anchor + Math.max(0, Math.floor((from - rhythm.anchor) / rhythm.everyMs) + 1) * rhythm.everyMs;
  return slot === undefined || (endAt !== undefined && slot > endAt) ? undefined : slot;
}

/** The first `count` slots strictly after a time; fewer when the timetable ends. */
export function slotsAfter(timetable: Timetable, after: number, count: number): number[] {
  const slots: number[] = [];
  for (let slot = nextSlot(timetable, after); slot !== undefined; slot = nextSlot(timetable, slot)) {
    if (slots.push(slot) >= count) break;
  }
  return slots;
}

/** The last `max` slots before `before`, in order, none before `from`, which is a slot. */
export function slotsBefore(
  { recurrence: rhythm, endAt }: Timetable,
  { from, before }: { from: number; before: number },
  max: number,
): number[] {
  const end = endAt === undefined ? before : Math.min(before, endAt + 1);
  if ('cron' in rhythm) {
    const found = compile(rhythm).previousRuns(max, new Date(end));
    return found
      .map((date) => date.getTime())
      .filter((slot) => slot >= from && slot < end)
      .sort((a, b) => a - b);
  }
  const last = from + Math.floor((end - 1 - from) / rhythm.everyMs) * rhythm.everyMs;
  const count = Math.max(0, Math.min(max, (last - from) / rhythm.everyMs + 1));
  return Array.from({ length: count }, (_, i) => last - (count - 1 - i) * rhythm.everyMs);
}

/** The number of slots from `from` to `to`, which are both slots. For a cron the count stops at `max`. */
export function countSlots(timetable: Timetable, { from, to }: { from: number; to: number }, max: number) {
  const { recurrence: rhythm } = timetable;
  if (!('cron' in rhythm)) return (to - from) / rhythm.everyMs + 1;
  let count = 1;
  for (let slot: number | undefined = from; slot !== undefined && slot < to && count < max; count += 1) {
    slot = nextSlot(timetable, slot);
  }
  return count;
}
